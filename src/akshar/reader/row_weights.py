"""Weights of the features of `row_path`, fitted by `akshar.benchmarks.row_weights` to composed rows.

With the network of akshar 0.1; a fit with letters58 gave no better rows (docs/how-well-it-reads.md#rows).
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
        0.338,  # probability
        -0.408,  # doubt
        0.659,  # character
        0.441,  # width
        -8.484,  # width squared
        1.208,  # height
        -0.082,  # height squared
        1.976,  # strokes
        1.599,  # runs across
        -0.790,  # runs across squared
        0.559,  # runs down
        -8.274,  # gap inside
        -0.159,  # gaps inside
        13.244,  # overlap inside
        0.136,  # cuts inside
        0.913,  # ink of cuts inside
        -0.266,  # cut
        -4.266,  # ink of the cut
        -31.324,  # overlap
        -0.074,  # sign
    ]
)
BOTH = 1.5  # cost of cutting a row into digits and letters
CHANGE = 4.0  # cost of reading a letter after a digit, or the reverse: it happens one time in e**4, about 50
