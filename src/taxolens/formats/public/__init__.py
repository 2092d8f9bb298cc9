"""Public image sets in the layout in which their authors publish them."""
