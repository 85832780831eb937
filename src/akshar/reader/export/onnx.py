"""Converts a trained network to an ONNX graph from pixels to calibrated probabilities."""

import contextlib
import io
import logging
import warnings
from collections.abc import Mapping
from typing import Any

import onnx
import torch
from torch import Tensor, nn

from akshar.errors import AksharError
from akshar.files import printable
from akshar.pictures.input_spec import InputSpec
from akshar.runs.load_checkpoint import TrainedNetwork

OPSET = 18  # supported since ONNX Runtime 1.14
INPUT, OUTPUT = "pixels", "probabilities"


class PixelsToProbabilities(nn.Module):
    """Everything between a framed picture and its probabilities: normalisation, network, calibration.

    Args:
        trained: the network with its input spec and temperature.
    """

    def __init__(self, trained: TrainedNetwork):
        super().__init__()
        self.net = trained.classifier.net
        self.spec = trained.input_spec
        self.scale, self.offset = _normalisation(self.spec)
        self.channels = trained.classifier.channels or self.spec.channels
        self.dtype = next(self.net.parameters()).dtype
        self.temperature = trained.temperature

    def forward(self, pixels: Tensor) -> Tensor:
        """Uint8 [0, 255] (N, H, W) or (N, 3, H, W) -> float32 (N, K), rows sum to 1."""
        images = pixels[:, None] if self.spec.channels == 1 else pixels
        images = images.float() * self.scale - self.offset
        if self.channels > self.spec.channels:
            images = images.expand(-1, self.channels, -1, -1)
        return (self.net(images.to(self.dtype)).float() / self.temperature).softmax(1)


def _normalisation(spec: InputSpec) -> tuple[Any, Any]:
    """Factor of pixels in [0, 255] and what is subtracted then: numbers, or tensors (C, 1, 1) of one a channel."""
    if not isinstance(spec.mean, tuple) and not isinstance(spec.std, tuple):
        return 1 / (255 * spec.std), spec.mean / spec.std
    mean, std = torch.tensor(spec.means)[:, None, None], torch.tensor(spec.stds)[:, None, None]
    return 1 / (255 * std), mean / std


def inference_graph(trained: TrainedNetwork) -> onnx.ModelProto:
    """`PixelsToProbabilities` as a graph with input "pixels" and output "probabilities", for any batch size.

    Raises:
        AksharError: the network uses an operation that ONNX does not support.
    """
    example = torch.zeros(2, *trained.input_spec.pixels_shape, dtype=torch.uint8)
    return graph_of(PixelsToProbabilities(trained).eval(), example, INPUT, OUTPUT)


def graph_of(module: nn.Module, example: Tensor, input_name: str, output_name: str) -> onnx.ModelProto:
    """Convert a module to a graph, with norms folded into convolutions and without paths of this machine.

    Args:
        module: in eval mode, on the CPU, from one tensor to one tensor.
        example: at least two images; the graph takes any number.
        input_name: name of the graph's input.
        output_name: name of its output.

    Raises:
        AksharError: the module uses an operation that ONNX does not support.
    """
    for name in ("onnxscript", "onnx_ir", "torch.onnx"):
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")  # deprecations inside torch
            program = torch.onnx.export(
                module,
                (example,),
                input_names=[input_name],
                output_names=[output_name],
                dynamic_shapes=({0: torch.export.Dim("batch")},),
                opset_version=OPSET,
                dynamo=True,
                verbose=False,
            )
    except Exception as error:  # of many types, with long messages
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
        raise AksharError(
            f"the network cannot be exported to ONNX ({type(error).__name__}: {printable(reason)[:200]})"
        ) from error
    assert program is not None
    model = program.model_proto
    del model.graph.value_info[:]
    for node in model.graph.node:
        del node.metadata_props[:]  # torch's metadata contains lines and paths of the code
    return model


def with_metadata(model: onnx.ModelProto, facts: Mapping[str, str]) -> bytes:
    """Content of the file: the graph with its weights, and the metadata."""
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, dict(facts))
    model.producer_name, model.producer_version = "akshar", facts["akshar"]
    onnx.checker.check_model(model)
    return model.SerializeToString()
