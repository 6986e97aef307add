"""Guest & Love (2017), untrained networks."""
