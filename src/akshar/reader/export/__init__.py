"""Exports a trained network as one file, ONNX or safetensors, checked against its checkpoint, with a card."""
