"""Half layers, alone and behind convolutions."""
