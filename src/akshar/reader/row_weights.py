"""Weights of the features of `row_path`, fitted by `akshar.benchmarks.row_weights` to composed rows.

For weights/robust.onnx; another network needs a new fit only if its confidence in wrong cells is very different.
"""

import numpy as np

DIGITS = np.array(
    [
        0.255,  # probability
        -0.597,  # doubt
        -3.138,  # character
        1.613,  # width
        -2.992,  # width squared
        -0.228,  # height
        -0.393,  # height squared
        0.601,  # strokes
        1.516,  # runs across
        -0.523,  # runs across squared
        3.740,  # runs down
        -11.460,  # gap inside
        -1.521,  # gaps inside
        -0.534,  # overlap inside
        0.233,  # cuts inside
        0.022,  # ink of cuts inside
        -2.012,  # cut
        -0.450,  # ink of the cut
        -2.339,  # overlap
        -0.203,  # sign
    ]
)
LETTERS = np.array(
    [
        0.158,  # probability
        -0.559,  # doubt
        -1.561,  # character
        0.994,  # width
        -5.766,  # width squared
        0.589,  # height
        -0.053,  # height squared
        1.087,  # strokes
        1.082,  # runs across
        -0.712,  # runs across squared
        1.327,  # runs down
        -7.575,  # gap inside
        -0.012,  # gaps inside
        13.495,  # overlap inside
        0.183,  # cuts inside
        0.884,  # ink of cuts inside
        -0.184,  # cut
        -3.847,  # ink of the cut
        -31.589,  # overlap
        -0.006,  # sign
    ]
)
BOTH = 4.0  # cost of a row with digits and letters: one of e**4, about 50
