"""Alpaydin (2026), HalfNet."""
