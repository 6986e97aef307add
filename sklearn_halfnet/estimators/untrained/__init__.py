"""Transformers that train nothing."""
