"""Rosenfeld & Tsotsos (2018), networks that learn next to nothing."""
