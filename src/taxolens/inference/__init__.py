"""A model at work on photos: onnxruntime and numpy, never torch."""
