"""Ink of a clean drawing as ONNX functions; in Python, `akshar.pictures.ink`.

A drawing has ink of one tone on even paper. Specks, ruled paper and uneven light are Python's alone.
"""

import math

from onnx.helper import make_tensor
from onnxscript import DOUBLE, FLOAT, INT32, INT64, UINT8, script
from onnxscript import opset18 as op

from akshar.pictures.ink import FAINT

REAL, EXACT, WHOLE, SMALL = FLOAT.dtype, DOUBLE.dtype, INT64.dtype, INT32.dtype
PER_EDGE = make_tensor("per_edge", EXACT, [], [math.pi / 4])  # outlines are shorter than the edges of their pixels


@script()
def histogram(drawing: UINT8["H", "W"]) -> FLOAT["256"]:
    """Number of pixels of each grey level."""
    levels = op.Reshape(op.Cast(drawing, to=WHOLE), op.Constant(value_ints=[-1]))
    ones = op.Expand(op.Constant(value_float=1.0), op.Shape(levels))
    nothing = op.ConstantOfShape(op.Constant(value_ints=[256]))
    return op.ScatterElements(nothing, levels, ones, axis=0, reduction="add")


@script()
def median(counts: FLOAT["L"], values: FLOAT["L"]) -> FLOAT:
    """Median of ascending values that occur `counts` times each."""
    total = op.ReduceSum(counts, keepdims=0)
    until = op.CumSum(counts, op.Constant(value_int=0))
    lower = op.ArgMax(op.Cast(until > op.Floor((total - 1.0) / 2.0), to=SMALL), keepdims=0)
    upper = op.ArgMax(op.Cast(until > op.Floor(total / 2.0), to=SMALL), keepdims=0)
    return (op.Gather(values, lower) + op.Gather(values, upper)) / 2.0


@script()
def otsu(counts: FLOAT["256"], levels: FLOAT["256"]) -> FLOAT:
    """Grey value that separates two tones best."""
    number = op.Cast(counts, to=EXACT)
    level = op.Cast(levels, to=EXACT)
    total = op.ReduceSum(number, keepdims=0)
    below = op.CumSum(number, op.Constant(value_int=0))
    sums = op.CumSum(number * level, op.Constant(value_int=0))
    deviation = op.ReduceSum(number * level, keepdims=0) / total * below - sums
    between = deviation * deviation / op.Max(below * (total - below), op.CastLike(0.5, below))
    best = op.Cast(op.Equal(between, op.ReduceMax(between, keepdims=0)), to=EXACT)
    middle = op.ReduceSum(best * level, keepdims=0) / op.ReduceSum(best, keepdims=0)
    return op.Cast(middle, to=REAL) + 0.5 / 255.0


@script()
def as_paper(drawing: UINT8["H", "W"], counts: FLOAT["256"], paper: FLOAT["256"]) -> FLOAT:
    """Share of the rim plus share of the whole that grey levels cover, [0, 2]."""
    at = op.Cast(drawing, to=WHOLE)
    rim = op.Concat(
        op.Gather(at, 0, axis=0),
        op.Gather(at, -1, axis=0),
        op.Gather(at, 0, axis=1),
        op.Gather(at, -1, axis=1),
        axis=0,
    )
    of_all = op.ReduceSum(counts * paper, keepdims=0) / op.ReduceSum(counts, keepdims=0)
    return op.ReduceMean(op.Gather(paper, rim), keepdims=0) + of_all


@script()
def ink_of_levels(drawing: UINT8["H", "W"]) -> FLOAT["256"]:
    """Ink from 0, paper, to 1 at each grey level; 0 everywhere without contrast."""
    counts = histogram(drawing)
    levels = op.Cast(op.Range(0, 256, 1), to=REAL) / 255.0
    light = op.Cast(levels > otsu(counts, levels), to=REAL)
    dark_ink = as_paper(drawing, counts, light) >= as_paper(drawing, counts, 1.0 - light)
    paper = op.Where(dark_ink, light, 1.0 - light)
    tones = op.Where(dark_ink, levels, 1.0 - levels)
    on_paper = median(counts * paper, levels)
    in_ink = median(counts * (1.0 - paper), levels)
    white = op.Where(dark_ink, on_paper, 1.0 - on_paper)
    contrast = white - op.Where(dark_ink, in_ink, 1.0 - in_ink)
    ink = (white - tones) / op.Max(contrast, FAINT)
    distances, order = op.TopK(op.Abs(ink), op.Constant(value_ints=[256]), largest=0)
    noise = 1.48 * median(op.Gather(counts * paper, order), distances)
    floor = op.Min(2.0 * noise, 0.3)
    one_tone = op.Equal(op.ReduceMax(counts, keepdims=0), op.ReduceSum(counts, keepdims=0))
    seen = op.Cast(op.Not(op.Or(one_tone, contrast < FAINT)), to=REAL)
    return seen * op.Clip((ink - floor) / (1.0 - floor), 0.0, 1.0)


@script()
def pen_width(inked: FLOAT["H", "W"]) -> DOUBLE:
    """Twice the inked area divided by the length of the outline, pixels."""
    padded = op.Pad(inked, op.Constant(value_ints=[1, 1, 1, 1]))
    down = op.Slice(padded, [1], [2147483647], [0]) - op.Slice(padded, [0], [-1], [0])
    right = op.Slice(padded, [1], [2147483647], [1]) - op.Slice(padded, [0], [-1], [1])
    edges = op.Cast(op.ReduceSum(op.Abs(down), keepdims=0) + op.ReduceSum(op.Abs(right), keepdims=0), to=EXACT)
    outline = op.Max(edges * op.Constant(value=PER_EDGE), op.CastLike(1.0, edges))
    return 2.0 * op.Cast(op.ReduceSum(inked, keepdims=0), to=EXACT) / outline
