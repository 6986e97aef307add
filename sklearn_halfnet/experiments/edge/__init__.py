"""Models on small devices: bytes, agreement and microseconds of exports."""
