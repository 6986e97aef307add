"""Looking into models: what they have learned, as numbers and as pictures."""
