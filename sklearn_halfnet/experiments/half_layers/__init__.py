"""Alpaydin (2025), Half-Layered Neural Networks, and what half layers cost."""
