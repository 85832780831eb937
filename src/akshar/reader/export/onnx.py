"""A trained network as an ONNX graph that takes pixels and gives calibrated probabilities."""

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
from akshar.pictures.frame import MEAN, SIDE, STD
from akshar.runs.load_checkpoint import TrainedNetwork

OPSET = 18  # which ONNX Runtime reads since 1.14
INPUT, OUTPUT = "pixels", "probabilities"


class Reading(nn.Module):
    """From pixels to probabilities: all that is between a placed picture and its answer.

    Args:
        trained: the network, its temperature.
    """

    def __init__(self, trained: TrainedNetwork):
        super().__init__()
        self.net = trained.classifier.net
        self.channels = trained.classifier.channels
        self.dtype = next(self.net.parameters()).dtype
        self.temperature = trained.temperature

    def forward(self, pixels: Tensor) -> Tensor:
        """Uint8 [0, 255] (N, 32, 32), white on black -> float32 (N, K), rows sum to 1."""
        images = pixels[:, None].float() * (1 / (255 * STD)) - MEAN / STD
        if self.channels > 1:
            images = images.expand(-1, self.channels, -1, -1)
        return (self.net(images.to(self.dtype)).float() / self.temperature).softmax(1)


def reading_graph(trained: TrainedNetwork) -> onnx.ModelProto:
    """`Reading` as a graph: uint8 (N, 32, 32) "pixels" -> float32 (N, K) "probabilities", for any N.

    Raises:
        AksharError: the network uses what ONNX cannot say.
    """
    example = torch.zeros(2, SIDE, SIDE, dtype=torch.uint8)
    return graph_of(Reading(trained).eval(), example, INPUT, OUTPUT)


def graph_of(module: nn.Module, example: Tensor, input_name: str, output_name: str) -> onnx.ModelProto:
    """A module as a graph, its norms folded into convolutions, without a trace of where it was made.

    Args:
        module: in eval mode, on the CPU, from one tensor to one tensor.
        example: two or more images; the graph takes any number.
        input_name: of the graph's input.
        output_name: of its output.

    Raises:
        AksharError: the module uses what ONNX cannot say.
    """
    for name in ("onnxscript", "onnx_ir", "torch.onnx"):
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")  # of what torch deprecates in itself
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
    except Exception as error:  # many kinds, with pages of advice
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
        raise AksharError(
            f"the network cannot be exported ({type(error).__name__}: {printable(reason)[:200]})"
        ) from error
    assert program is not None
    model = program.model_proto
    del model.graph.value_info[:]
    for node in model.graph.node:
        del node.metadata_props[:]  # torch's notes, among them lines and paths of the code
    return model


def with_metadata(model: onnx.ModelProto, facts: Mapping[str, str]) -> bytes:
    """The file: a graph that carries all of itself, and facts about it."""
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, dict(facts))
    model.producer_name, model.producer_version = "akshar", facts["akshar"]
    onnx.checker.check_model(model)
    return model.SerializeToString()


def opset_of(model: Any) -> int:
    """The version of ONNX's operators that a graph is written in."""
    return next(one.version for one in model.opset_import if not one.domain)
