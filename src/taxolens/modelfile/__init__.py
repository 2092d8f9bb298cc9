"""A model is one ONNX file that carries its card: reading, checking, writing, finding."""
