"""From frozen backbones to classifiers: embeddings, a linear head, one joined graph."""
