"""From a file's bytes to upright RGB pixels, and what the bytes say of time and place."""
