"""What the raw output of a detector's graph means: one file for each way in which networks are exported."""
