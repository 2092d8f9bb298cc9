"""The page to try models on: for people, where the other doors are for programs."""
