"""Networks of PyTorch libraries, made into ONNX graphs."""
