"""Pillow's resizing of float images as ONNX functions: each new pixel is a weighted mean, across and then down."""

from onnxscript import DOUBLE, FLOAT, INT64, script
from onnxscript import opset18 as op

REAL, EXACT = FLOAT.dtype, DOUBLE.dtype


@script()
def places(length: INT64, new_length: INT64, support: DOUBLE) -> tuple[DOUBLE["M", "N"], DOUBLE["M", "N"]]:
    """Distance of each pixel from each new one, and 1 where Pillow counts it, else 0.

    Args:
        length, new_length: number of pixels before and after.
        support: reach of the filter, in pixels of the smaller side.
    """
    scale = op.Cast(length, to=EXACT) / op.Cast(new_length, to=EXACT)
    wider = op.Max(scale, op.CastLike(1.0, scale))  # when shrinking, the filter is wider
    pixel = op.Unsqueeze(op.Cast(op.Range(0, length, 1), to=EXACT), op.Constant(value_ints=[0]))
    middle = op.Unsqueeze(
        (op.Cast(op.Range(0, new_length, 1), to=EXACT) + 0.5) * scale, op.Constant(value_ints=[1])
    )
    reach = support * wider
    counted = op.And(pixel >= op.Floor(middle - reach + 0.5), pixel < op.Floor(middle + reach + 0.5))
    return (pixel - middle + 0.5) * op.Reciprocal(wider), op.Cast(counted, to=EXACT)


@script()
def box(length: INT64, new_length: INT64) -> DOUBLE["M", "N"]:
    """Weights of `Image.Resampling.BOX`: (new_length, length), rows sum to 1."""
    distance, counted = places(length, new_length, op.Cast(op.Constant(value_float=0.5), to=EXACT))
    weights = op.Cast(op.And(distance > -0.5, distance <= 0.5), to=EXACT) * counted
    return weights / op.ReduceSum(weights, op.Constant(value_ints=[1]))


@script()
def bicubic(length: INT64, new_length: INT64) -> DOUBLE["M", "N"]:
    """Weights of `Image.Resampling.BICUBIC`: (new_length, length), rows sum to 1."""
    distance, counted = places(length, new_length, op.Cast(op.Constant(value_float=2.0), to=EXACT))
    x = op.Abs(distance)
    near = (1.5 * x - 2.5) * x * x + 1.0
    far = -0.5 * (((x - 5.0) * x + 8.0) * x - 4.0)
    weights = op.Where(x < 1.0, near, op.Where(x < 2.0, far, 0.0 * x)) * counted
    return weights / op.ReduceSum(weights, op.Constant(value_ints=[1]))


@script()
def bilinear(length: INT64, new_length: INT64) -> DOUBLE["M", "N"]:
    """Weights of `Image.Resampling.BILINEAR`: (new_length, length), rows sum to 1."""
    distance, counted = places(length, new_length, op.Cast(op.Constant(value_float=1.0), to=EXACT))
    weights = op.Max(1.0 - op.Abs(distance), op.CastLike(0.0, distance)) * counted
    return weights / op.ReduceSum(weights, op.Constant(value_ints=[1]))


@script()
def resized(image: FLOAT["H", "W"], down: DOUBLE["M", "H"], across: DOUBLE["N", "W"]) -> FLOAT["M", "N"]:
    """An image of another size, by the weights of both directions; rounded to float32 in between, as in Pillow."""
    halfway = op.Cast(op.MatMul(op.Cast(image, to=EXACT), op.Transpose(across)), to=REAL)
    return op.Cast(op.MatMul(down, op.Cast(halfway, to=EXACT)), to=REAL)
