"""``halfnet bench``: our networks beside scikit-learn's models on one set."""
