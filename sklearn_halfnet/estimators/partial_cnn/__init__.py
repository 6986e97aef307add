"""Partially trained convolutional networks and their ensembles."""
