"""Restricts a network's answers to some of its classes, with a confidence that still counts the others."""

import numpy as np

# How likely a class outside the chosen ones is, relative to one of them. With 0.1, not quite 95 % of the pictures
# of something else were unsure on some validation images; see `akshar.benchmarks.only`.
OUTSIDE = 0.2


def restrict(probabilities: np.ndarray, chosen: np.ndarray, outside: float = OUTSIDE) -> np.ndarray:
    """Confidence in the chosen classes, for pictures of which most show one of them.

    Bayes' rule with other priors (Saerens, Latinne and Decaestecker, Neural Computation 2002): each class outside
    the chosen ones becomes `outside` times as likely as before. With 0, a picture of something else would be taken
    for one of the chosen classes, and with confidence.

    Args:
        probabilities: float (..., K), calibrated; rows sum to 1.
        chosen: int (k,), positions of the chosen classes.
        outside: [0, 1].

    Returns:
        float (..., k), [0, 1]; what a row's sum lacks to 1 is left for the classes outside.

    >>> restrict(np.array([0.7, 0.2, 0.1]), np.array([1, 2])).round(2).tolist()
    [0.45, 0.23]
    >>> restrict(np.array([0.99, 0.01, 0.0]), np.array([1, 2])).round(2).tolist()
    [0.05, 0.0]
    """
    others = np.delete(probabilities, chosen, axis=-1).sum(-1, keepdims=True)
    return probabilities[..., chosen] / (1 - (1 - outside) * others)
