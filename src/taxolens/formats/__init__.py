"""Foreign bytes, read and written: one file per format."""
