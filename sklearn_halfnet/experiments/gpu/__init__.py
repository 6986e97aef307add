"""What a GPU is for, measured within some minutes."""
