"""ONNX graphs of what Python does to a drawing before a network sees it."""
