"""Every estimator as it comes, on small data sets."""
