"""``halfnet bench``: half layers beside scikit-learn's models on a data set."""
