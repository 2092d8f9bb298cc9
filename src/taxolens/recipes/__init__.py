"""What to do, as plain frozen data: command, REST body, job and file are the same recipe."""
