"""Gaier & Ha (2019), Weight Agnostic Neural Networks."""
