"""A graph with weights and activations of 8 bits, their ranges seen on real images."""

import logging
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from akshar.reader.export.onnx import INPUT

BATCH = 100  # images a step of the calibration
EXACT = ("Cast", "Unsqueeze", "Mul", "Sub", "Div", "Softmax")  # on the way in and out, cheap and worth their bits


class _Batches(CalibrationDataReader):
    def __init__(self, pixels: np.ndarray):
        self.parts = iter([pixels[start : start + BATCH] for start in range(0, len(pixels), BATCH)])

    def get_next(self) -> dict[str, np.ndarray] | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        part = next(self.parts, None)
        return None if part is None else {INPUT: part}


def quantised(model: onnx.ModelProto, pixels: np.ndarray) -> onnx.ModelProto:
    """A graph in 8 bits, as pairs of QuantizeLinear and DequantizeLinear (Jacob et al., CVPR 2018).

    Activations are unsigned, weights signed, with a scale a channel and a range of 7 bits: on processors without
    8-bit dot products (VNNI), sums of two full products would saturate. The last layer and the softmax stay float,
    for the sake of the confidence.

    Args:
        model: float, from `reading_graph`.
        pixels: uint8 [0, 255] (N, 32, 32), what it will read; some hundreds.
    """
    layers = [node.name for node in model.graph.node if node.op_type in ("Gemm", "MatMul")]
    exact = [node.name for node in model.graph.node if node.op_type in EXACT]
    log = logging.getLogger()
    level = log.level
    log.setLevel(logging.ERROR)  # the quantiser speaks through the root logger
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
            small = onnx.load(after)
    finally:
        log.setLevel(level)
    del small.graph.value_info[:]
    return small
