"""What the families of estimators share."""
