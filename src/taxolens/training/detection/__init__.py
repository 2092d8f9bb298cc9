"""Training of detectors by libraries that bring their own loop, each in a process of its own."""
