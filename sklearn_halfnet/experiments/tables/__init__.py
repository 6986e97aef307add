"""Fifteen tables and default parameters: ``halfnet bench --suite tables``."""
