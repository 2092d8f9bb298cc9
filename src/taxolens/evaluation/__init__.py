"""What predictions are worth. Takes answers, never models."""
