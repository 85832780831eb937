"""A trained network as one file for others: ONNX or safetensors, checked against its checkpoint, with a card."""
