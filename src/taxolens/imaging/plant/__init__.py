"""Leaves: where they are in a photo, their shape and colour, and how much of them is diseased."""
