"""Public image sets: which there are, what arrived of them, and how they are laid out to be learnt from."""
