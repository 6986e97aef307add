"""scikit-learn estimators: a room a family, over what they share."""
