"""Losses of regressors, beside models of scikit-learn that minimise the same."""
