"""Weights of the features of `row_path`, fitted by `akshar.benchmarks.row_weights` to composed rows.

For weights/robust.onnx; another network needs a new fit only if its confidence in wrong cells is very different.
"""

import numpy as np

DIGITS = np.zeros(20)
LETTERS = np.zeros(20)
BOTH = 3.0  # cost of a row with digits and letters
