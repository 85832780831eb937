"""Quantises an ONNX graph to 8 bits, with ranges measured on real images."""

import logging
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from akshar.reader.export.onnx import INPUT

BATCH = 100  # images per calibration step
EXACT = (
    "Cast",
    "Unsqueeze",
    "Mul",
    "Sub",
    "Div",
    "Softmax",
)  # of input and output: cheap, and they need full precision


class _Batches(CalibrationDataReader):
    def __init__(self, pixels: np.ndarray):
        self.parts = iter([pixels[start : start + BATCH] for start in range(0, len(pixels), BATCH)])

    def get_next(self) -> dict[str, np.ndarray] | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        part = next(self.parts, None)
        return None if part is None else {INPUT: part}


def quantise(model: onnx.ModelProto, pixels: np.ndarray) -> onnx.ModelProto:
    """Quantise a graph with pairs of QuantizeLinear and DequantizeLinear (Jacob et al., CVPR 2018).

    Activations are unsigned. Weights are signed, with one scale per channel and a range of 7 bits: on processors
    without 8-bit dot products (VNNI), sums of two full products would saturate. The last layer and the softmax stay
    float, because the confidence needs their precision.

    Args:
        model: float graph, from `inference_graph`.
        pixels: uint8 [0, 255], some hundred images as the graph's input.
    """
    layers = [node.name for node in model.graph.node if node.op_type in ("Gemm", "MatMul")]
    exact = [node.name for node in model.graph.node if node.op_type in EXACT]
    log = logging.getLogger()
    level = log.level
    log.setLevel(logging.ERROR)  # the quantiser logs to the root logger
    try:
        with tempfile.TemporaryDirectory() as folder:
            before, after = Path(folder) / "float.onnx", Path(folder) / "int8.onnx"
            onnx.save(model, before)
            quantize_static(
                before,
                after,
                _Batches(pixels),
                quant_format=QuantFormat.QDQ,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                per_channel=True,
                reduce_range=True,
                nodes_to_exclude=[*layers[-1:], *exact],
            )
            quantised = onnx.load(after)
    finally:
        log.setLevel(level)
    del quantised.graph.value_info[:]
    return quantised
