"""The second look of `akshar.reader.views` around a network in a graph, for one image."""

import onnx
from onnx import NodeProto, TensorProto, helper

from akshar.reader.views import SHIFTS, SURE

WHOLE, REAL, SMALL, BYTE = TensorProto.INT64, TensorProto.FLOAT, TensorProto.INT32, TensorProto.UINT8
LOOKS = ((0, 0), *SHIFTS)


def with_second_look(network: onnx.ModelProto) -> onnx.ModelProto:
    """Classify an image and its shifted copies as one batch; the mean counts where the first answer is not sure.

    Args:
        network: "pixels", uint8 (N, H, W) or (N, 3, H, W) with paper around, to "probabilities", float32 (N, K).

    Returns:
        The same from (1, H, W) or (1, 3, H, W) to (1, K).
    """
    model = onnx.ModelProto()
    model.CopyFrom(network)
    graph = model.graph
    pixels, probabilities = graph.input[0].name, graph.output[0].name
    names = {pixels: _own("looks"), probabilities: _own("each")}
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    *_, height, width = (side.dim_value for side in graph.input[0].type.tensor_type.shape.dim)
    values = {"around": [1, 1, 1, 1], "sides": [-2, -1], "first": [0]}
    before = [_node("Cast", "", "whole", to=SMALL), _node("Pad", "whole around - sides", "padded", mode="edge")]
    before[0].input[:] = [pixels]
    for number, (down, right) in enumerate(LOOKS):
        values |= {f"from{number}": [1 - down, 1 - right], f"to{number}": [1 - down + height, 1 - right + width]}
        before.append(_node("Slice", f"padded from{number} to{number} sides", f"look{number}"))
    before.append(_node("Concat", " ".join(f"look{number}" for number in range(len(LOOKS))), "joined", axis=0))
    before.append(_node("Cast", "joined", "looks", to=BYTE))
    after = [
        _node("Gather", "each first", "once", axis=0),
        _node("ReduceMax", "once", "confidence", keepdims=1),
        _node("GreaterOrEqual", "confidence enough", "sure"),
        _node("ReduceMean", "each first", "mean", keepdims=1),
        _node("Where", "sure once mean", "answer"),
    ]
    after[-1].output[:] = [probabilities]
    nodes = [*before, *graph.node, *after]
    del graph.node[:]
    graph.node.extend(nodes)
    constants = {name: helper.make_tensor(_own(name), WHOLE, [len(each)], each) for name, each in values.items()}
    constants["enough"] = helper.make_tensor(_own("enough"), REAL, [], [SURE])
    graph.initializer.extend(constants.values())
    return model


def _own(name: str) -> str:
    """A name that the network does not use."""
    return f"second look/{name}"


def _node(kind: str, inputs: str, output: str, **attributes: object) -> NodeProto:
    """A node between values with own names; "-" leaves an optional input out."""
    given = ["" if name == "-" else _own(name) for name in inputs.split()]
    return helper.make_node(kind, given, [_own(output)], **attributes)
