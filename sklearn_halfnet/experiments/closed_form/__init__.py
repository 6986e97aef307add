"""ELM and RVFL in closed form: their bars, and packages that do the same."""
