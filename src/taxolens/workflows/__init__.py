"""Recipe to ordered calls; run by a command or by a worker."""
