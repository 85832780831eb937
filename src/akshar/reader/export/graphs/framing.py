"""Framing of a clean drawing as ONNX functions; in Python, `akshar.pictures.framing`."""

from onnx.helper import make_tensor
from onnxscript import BOOL, DOUBLE, FLOAT, INT32, INT64, script
from onnxscript import opset18 as op

from akshar.pictures.framing import ALL_INK, BLANK, FINE, LONG, ONE_STROKE, SEVERAL, SOLID, TALL, THINNEST, WIDE
from akshar.pictures.ink import INKED
from akshar.reader.export.graphs.resizing import box, resized

REAL, EXACT, WHOLE = FLOAT.dtype, DOUBLE.dtype, INT64.dtype
THIN = make_tensor("thin", EXACT, [], [THINNEST])  # a number in the code would be rounded to float32
LEAST_PEN = 0.25  # pixels, of a pen on a drawing that was made smaller
PROBLEMS = (None, BLANK, ALL_INK, ONE_STROKE, SEVERAL)  # by their number in the graph's output


@script()
def extent(inked: INT32["N"]) -> INT64[2]:
    """First position of a 1 and the one behind the last; everything if there is none."""
    first = op.ArgMax(inked)
    behind = op.ArgMax(inked, select_last_index=1) + 1
    return op.Concat(first, op.Where(op.ReduceMax(inked) > 0, behind, op.Shape(inked)), axis=0)


@script()
def dilated(image: FLOAT["H", "W"], reach: INT64) -> FLOAT["M", "N"]:
    """The largest value within a disc around each pixel, `reach` pixels larger on each side."""
    edge = op.Expand(2 * reach, op.Constant(value_ints=[4]))
    padded = op.Pad(image, edge)
    size = op.Shape(image) + 2 * reach
    side = 2 * reach + 1
    result = op.Pad(image, op.Expand(reach, op.Constant(value_ints=[4])))
    for i in range(side * side):
        y = i / side - reach
        x = op.Mod(i, side) - reach
        if y * y + x * x <= reach * reach + reach:
            start = op.Concat(op.Reshape(y + reach, [1]), op.Reshape(x + reach, [1]), axis=0)
            result = op.Max(result, op.Slice(padded, start, start + size, [0, 1]))
        else:
            result = op.Identity(result)
    return result


@script()
def widened(crop: FLOAT["H", "W"], pen: DOUBLE, inner: INT64[2]) -> FLOAT["M", "N"]:
    """A crop with strokes widened as needed to be at least THINNEST after stretching to `inner`."""
    sides = op.Cast(op.Shape(crop), to=EXACT)
    sizes = op.Cast(inner, to=EXACT)
    longer = op.ArgMax(op.Cast(sides / sizes, to=REAL), keepdims=0)
    side = op.Gather(sides, longer)
    size = op.Gather(sizes, longer)
    thinnest = op.Constant(value=THIN)
    if op.Or(pen * (size / side) >= thinnest * size, op.ReduceMin(sides, keepdims=0) < 3.0):
        result = op.Identity(crop)
    else:
        factor = op.Min(op.CastLike(1.0, side), FINE * size / side)
        if factor < 1.0:
            smaller = op.Cast(op.Max(op.Round(sides * factor), op.CastLike(3.0, side)), to=WHOLE)
            length = op.Shape(crop)
            down = box(op.Gather(length, 0), op.Gather(smaller, 0))
            across = box(op.Gather(length, 1), op.Gather(smaller, 1))
            strength = op.Min(op.CastLike(1.0, side), op.Max(pen * factor, op.CastLike(LEAST_PEN, side)))
            fine = op.Clip(resized(crop, down, across) / op.Cast(strength, to=REAL), 0.0, 1.0)
            fine_pen = pen * factor
            fine_side = op.Max(op.Round(side * factor), op.CastLike(3.0, side))
        else:
            fine = op.Identity(crop)
            fine_pen = op.Identity(pen)
            fine_side = op.Identity(side)
        lacking = op.Round((thinnest * fine_side - op.Max(fine_pen, op.CastLike(1.0, side))) / 2.0)
        result = dilated(fine, op.Max(op.Cast(lacking, to=WHOLE), 0))
    return result


@script()
def is_row(marks: INT32["H", "W"]) -> BOOL:
    """Whether marks lie side by side with paper between them, and extend too far for a single character."""
    sides = op.Cast(op.Shape(marks), to=REAL)
    height = op.Gather(sides, 0)
    rows = op.Gather(op.Shape(marks), 0)
    columns = op.Cast(op.ReduceMax(marks, [0], keepdims=0), to=WHOLE)
    before = op.Slice(op.Pad(columns, op.Constant(value_ints=[1, 0])), [0], [-1])
    part = op.CumSum(op.Max(columns - before, 0), op.Constant(value_int=0))
    top = op.Where(columns > 0, op.ArgMax(marks, axis=0, keepdims=0), rows)
    bottom = op.Where(columns > 0, op.ArgMax(marks, axis=0, keepdims=0, select_last_index=1) + 1, 0)
    tops = op.ScatterElements(part * 0 + rows, part, top, axis=0, reduction="min")
    bottoms = op.ScatterElements(part * 0, part, bottom, axis=0, reduction="max")
    tall = op.Cast(op.Cast(bottoms - tops, to=REAL) >= TALL * height, to=WHOLE)
    return op.And(op.Gather(sides, 1) >= WIDE * height, op.ReduceSum(tall, keepdims=0) > 1)


@script()
def problem_of(inside: FLOAT["M", "N"], marks: INT32["H", "W"]) -> INT64:
    """Position in PROBLEMS of why a crop is no character; 0 if it may be one."""
    sides = op.Cast(op.Shape(marks), to=REAL)
    solid = op.ReduceMean(op.Cast(inside > INKED, to=REAL), keepdims=0) > SOLID
    long = op.ReduceMax(sides, keepdims=0) > LONG * op.ReduceMin(sides, keepdims=0)
    blank = op.ReduceMax(marks, keepdims=0) < 1
    return op.Where(blank, 1, op.Where(solid, op.Where(long, 3, 2), op.Where(is_row(marks), 4, 0)))
