"""Graphs that take a drawing of any size, so that a program in any language loads a file and runs it."""

import onnx
import onnx.compose
import onnx.inliner
from onnxscript import DOUBLE, FLOAT, INT32, INT64, UINT8, optimizer, script
from onnxscript import opset18 as op

from akshar.pictures.framing import ROUNDED
from akshar.pictures.ink import INKED
from akshar.pictures.input_spec import InputSpec
from akshar.reader.export.graphs.framing import extent, problem_of, widened
from akshar.reader.export.graphs.ink import ink_of_levels, pen_width
from akshar.reader.export.graphs.resizing import bicubic, bilinear, box, resized
from akshar.reader.export.graphs.second_look import with_second_look
from akshar.reader.views import looks_twice

REAL, EXACT, WHOLE, SMALL, BYTE = FLOAT.dtype, DOUBLE.dtype, INT64.dtype, INT32.dtype, UINT8.dtype


def with_framing(network: onnx.ModelProto, spec: InputSpec) -> onnx.ModelProto:
    """Put framing before a network: the graph reads one drawing.

    Input:
        drawing: uint8 (H, W) of any size, dark on light or light on dark; (H, W, 3) for a network of colours.

    Outputs:
        probabilities: float32 (K,).
        pixels: uint8 (1, height, width), or (1, 3, height, width) for three channels: what the network saw.
        box: int64 (4,): left, top, right, bottom of the character in the drawing; all of it if it is blank.
        problem: int64 (): 0, or why there is no character: position in `PROBLEMS`.

    Args:
        network: from `inference_graph` or `quantise`.
        spec: of its input.
    """
    framing = _drawing_graph(spec) if spec.framing == "ink" else _resizing_graph(spec)
    framing.ir_version = network.ir_version
    inner = onnx.compose.add_prefix(with_second_look(network) if looks_twice(spec) else network, "network/")
    model = onnx.compose.merge_models(framing, inner, io_map=[("pixels", "network/pixels")])
    classes = network.graph.output[0].type.tensor_type.shape.dim[1].dim_value
    first = onnx.helper.make_node("Squeeze", ["network/probabilities", "first"], ["probabilities"])
    model.graph.node.append(first)
    model.graph.initializer.append(onnx.helper.make_tensor("first", WHOLE, [1], [0]))
    outputs = {one.name: one for one in (*framing.graph.output,)}
    del model.graph.output[:]
    model.graph.output.append(onnx.helper.make_tensor_value_info("probabilities", REAL, [classes]))
    model.graph.output.extend(outputs.values())
    return model


def _drawing_graph(spec: InputSpec) -> onnx.ModelProto:
    """Build the graph: a drawing, uint8 (H, W) of any size, to a network's input.

    Args:
        spec: of the network; its framing is "ink".
    """
    height, width = spec.inner
    around = [spec.border] * 4
    shape = [1, *spec.pixels_shape]
    paper, sign = (0.0, 1.0) if spec.polarity == "light on dark" else (255.0, -1.0)

    @script()
    def frame(drawing: UINT8["H", "W"]) -> tuple[UINT8, INT64[4], INT64]:
        ink = op.Gather(ink_of_levels(drawing), op.Cast(drawing, to=WHOLE))
        inked = op.Cast(ink > INKED, to=SMALL)
        rows = extent(op.ReduceMax(inked, [1], keepdims=0))
        columns = extent(op.ReduceMax(inked, [0], keepdims=0))
        start = op.Concat(op.Slice(rows, [0], [1]), op.Slice(columns, [0], [1]), axis=0)
        end = op.Concat(op.Slice(rows, [1], [2]), op.Slice(columns, [1], [2]), axis=0)
        marks = op.Slice(inked, start, end, [0, 1])
        inner = op.Constant(value_ints=[height, width])
        crop = widened(op.Slice(ink, start, end, [0, 1]), pen_width(op.Cast(marks, to=REAL)), inner)
        tall = op.Gather(op.Shape(crop), 0)
        wide = op.Gather(op.Shape(crop), 1)
        if op.And(tall > height, wide > width):
            stretched = resized(crop, box(tall, height), box(wide, width))
        else:
            stretched = resized(crop, bicubic(tall, height), bicubic(wide, width))
        inside = op.Clip(stretched, 0.0, 1.0)
        levels = op.Pad(op.Floor(inside * 255.0 + ROUNDED), op.Constant(value_ints=around))
        pixels = op.Expand(op.Cast(paper + sign * levels, to=BYTE), op.Constant(value_ints=shape))
        where = op.Concat(start, end, axis=0)
        return pixels, op.Gather(where, op.Constant(value_ints=[1, 0, 3, 2])), problem_of(inside, marks)

    return _finished(frame.to_model_proto(), ["H", "W"], shape)


def _resizing_graph(spec: InputSpec) -> onnx.ModelProto:
    """Build the graph for a network whose framing is "none" or "crop"; outputs as `_drawing_graph`.

    The picture is uint8 (H, W), or (H, W, 3) for three channels. `box` is the part that the network sees, and
    `problem` is 0.
    """
    height, width = spec.height, spec.width
    shape = [1, *spec.pixels_shape]
    order = [2, 0, 1] if spec.channels > 1 else [0, 1]
    whole = spec.framing == "none"

    @script()
    def resize(drawing: UINT8[...]) -> tuple[UINT8, INT64[4], INT64]:
        sides = op.Slice(op.Shape(drawing), [0], [2])
        target = op.Constant(value_ints=[height, width])
        ratios = op.Cast(sides, to=EXACT) / op.Cast(target, to=EXACT)
        part = op.Cast(op.Round(op.ReduceMin(ratios) * op.Cast(target, to=EXACT)), to=WHOLE)
        if whole:  # noqa: SIM108 (not translated)
            size = op.Identity(sides)
        else:
            size = op.Max(part, 1)
        start = (sides - size) / 2
        image = op.Transpose(op.Slice(drawing, start, start + size, [0, 1]), perm=order)
        down = bilinear(op.Gather(size, 0), height)
        across = bilinear(op.Gather(size, 1), width)
        halfway = op.Floor(op.MatMul(op.Cast(image, to=EXACT), op.Transpose(across)) + 0.5)
        pixels = op.Expand(
            op.Cast(op.Floor(op.MatMul(down, halfway) + 0.5), to=BYTE), op.Constant(value_ints=shape)
        )
        where = op.Concat(start, start + size, axis=0)
        return pixels, op.Gather(where, op.Constant(value_ints=[1, 0, 3, 2])), op.Constant(value_int=0)

    return _finished(resize.to_model_proto(), ["H", "W", 3] if spec.channels > 1 else ["H", "W"], shape)


def _finished(model: onnx.ModelProto, drawing: list[str | int], pixels: list[int]) -> onnx.ModelProto:
    """Inline a graph's functions, fold its constants, and name its inputs and outputs, with their shapes."""
    if "this" not in [one.domain for one in model.opset_import]:  # of functions in a branch
        model.opset_import.append(onnx.helper.make_opsetid("this", 1))
    model = onnx.inliner.inline_local_functions(model)
    (given,) = model.graph.input
    given.CopyFrom(onnx.helper.make_tensor_value_info("drawing", BYTE, drawing))
    model = optimizer.optimize(model)
    del model.graph.value_info[:]
    shapes = {"pixels": (BYTE, pixels), "box": (WHOLE, [4]), "problem": (WHOLE, [])}
    names = dict(zip((one.name for one in model.graph.output), shapes, strict=True))
    for node in model.graph.node:
        node.output[:] = [names.get(name, name) for name in node.output]
        node.input[:] = [names.get(name, name) for name in node.input]
    for output in model.graph.output:
        name = names[output.name]
        output.CopyFrom(onnx.helper.make_tensor_value_info(name, *shapes[name]))
    return model
