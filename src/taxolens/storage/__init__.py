"""Where bytes lie: folders of photos, and files that are written whole or not at all."""
