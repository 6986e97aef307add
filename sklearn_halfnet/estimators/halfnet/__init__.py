"""HalfNet: random weights of a learned covariance."""
