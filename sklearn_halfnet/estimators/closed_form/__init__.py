"""ELM and RVFL: the read-out alone is fitted, in closed form."""
