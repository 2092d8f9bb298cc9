"""From a trained thing to a file that others can use, and the proof that both answer alike."""
