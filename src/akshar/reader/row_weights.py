"""Weights of the features of `row_path`, fitted by `akshar.benchmarks.row_weights` to composed rows.

Those of digits with the network of akshar 0.1, because a fit with letters58 gave no better rows; those of letters
with letters58, by `--letters` (docs/how-well-it-reads.md#rows).
"""

import numpy as np

DIGITS = np.array(
    [
        0.424,  # probability
        -0.572,  # doubt
        -0.943,  # character
        2.235,  # width
        -4.100,  # width squared
        0.336,  # height
        -0.852,  # height squared
        0.075,  # strokes
        2.399,  # runs across
        -0.733,  # runs across squared
        3.271,  # runs down
        -15.943,  # gap inside
        -1.463,  # gaps inside
        0.363,  # overlap inside
        0.282,  # cuts inside
        0.102,  # ink of cuts inside
        -1.941,  # cut
        -0.633,  # ink of the cut
        -3.894,  # overlap
        0.663,  # sign
    ]
)
LETTERS = np.array(
    [
        0.169,  # probability
        -0.713,  # doubt
        -1.384,  # character
        0.704,  # width
        -7.199,  # width squared
        1.093,  # height
        -0.032,  # height squared
        1.692,  # strokes
        0.195,  # runs across
        -0.038,  # runs across squared
        1.781,  # runs down
        -12.758,  # gap inside
        -0.615,  # gaps inside
        15.900,  # overlap inside
        0.178,  # cuts inside
        0.851,  # ink of cuts inside
        -0.952,  # cut
        -4.077,  # ink of the cut
        -41.700,  # overlap
        -6.689,  # sign
    ]
)
BOTH = 1.5  # cost of cutting a row into digits and letters
CHANGE = 4.0  # cost of reading a letter after a digit, or the reverse: it happens one time in e**4, about 50
