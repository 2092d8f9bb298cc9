"""Changes to photos that take boxes and masks along, by name."""
