"""Data frames as people have them: categories and missing values."""
