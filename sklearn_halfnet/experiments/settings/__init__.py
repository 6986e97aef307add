"""Settings that experiments use, chosen on held-out training rows."""
