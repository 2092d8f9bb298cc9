"""Model files over HTTP: no accounts, no database, no torch."""
