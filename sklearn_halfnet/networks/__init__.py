"""torch modules: the maths of each family, without scikit-learn."""
