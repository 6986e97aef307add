"""What the families that torch trains share."""
