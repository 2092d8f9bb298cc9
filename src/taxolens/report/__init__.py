"""The one way in which all commands make self-contained pages: words, figures, charts, pictures."""
