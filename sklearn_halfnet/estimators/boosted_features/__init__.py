"""Boosted random features: depth in closed form, layer by layer."""
