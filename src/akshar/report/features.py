"""Features of a network's last hidden layer, nearest neighbours in them, and occlusion maps."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from akshar.runs.load_checkpoint import TrainedNetwork

SQUARE = 5 / 32  # side of the square that occlusion covers, as a share of the image's shorter side


def read_features(network: TrainedNetwork, pixels: Tensor, precision: str, device: str) -> np.ndarray:
    """Compute the input of the network's last linear layer; the logits if it has none.

    Args:
        network: the trained network.
        pixels: uint8 [0, 255] (N, C, H, W).
        precision, device: see `TrainedNetwork.logits`.

    Returns:
        float32 (N, D), each row with Euclidean norm 1.
    """
    layers = [module for module in network.classifier.net.modules() if isinstance(module, nn.Linear)]
    inputs_seen: list[Tensor] = []

    def keep(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        inputs_seen.append(inputs[0].flatten(1).float().cpu())

    hook = layers[-1].register_forward_hook(keep) if layers else None
    try:
        logits = network.logits(pixels, precision=precision, device=device)
    finally:
        if hook is not None:
            hook.remove()
    features = torch.cat(inputs_seen) if layers else logits
    return torch.nn.functional.normalize(features).numpy()


def nearest(queries: np.ndarray, among: np.ndarray, count: int) -> np.ndarray:
    """Find the nearest neighbours of each query by cosine similarity.

    Args:
        queries: float32 (Q, D), rows with norm 1.
        among: float32 (M, D), rows with norm 1.
        count: neighbours per query, at most M.

    Returns:
        Positions in `among`, int64 (Q, count), the nearest first.
    """
    similarity = queries @ among.T
    neighbours = np.argpartition(-similarity, count - 1, axis=1)[:, :count]
    order = np.argsort(-np.take_along_axis(similarity, neighbours, 1), axis=1, kind="stable")
    return np.take_along_axis(neighbours, order, 1)


def occlusion(network: TrainedNetwork, pixels: Tensor, targets: np.ndarray) -> np.ndarray:
    """Compute how much covering a region with black lowers a logit (Zeiler and Fergus, ECCV 2014).

    A square is moved over the image in steps of about half its side; a pixel's value is the mean over the squares
    that cover it.

    Args:
        network: the trained network.
        pixels: uint8 [0, 255] (N, C, H, W).
        targets: int (N, T), classes of the logits for each image.

    Returns:
        float32 (N, T, H, W); above 0 where the content of the image supports the class.
    """
    height, width = pixels.shape[-2:]
    places = _squares(height, width)
    covers = torch.zeros(len(places), 1, height, width, dtype=torch.bool)
    for cover, (rows, columns) in zip(covers, places, strict=True):
        cover[:, rows, columns] = True
    layers = covers[:, 0].float()  # (P, H, W)
    covering = layers.sum(0)  # number of squares that cover a pixel, at least 1
    heats = []
    for image, classes in zip(pixels, torch.as_tensor(targets), strict=True):
        covered = torch.cat([image[None], image.masked_fill(covers, 0)])
        logits = network.logits(covered)[:, classes]  # (1 + P, T)
        drops = logits[0] - logits[1:]
        heats.append(torch.einsum("pt,phw->thw", drops, layers) / covering)
    return torch.stack(heats).numpy()


def square_side(height: int, width: int) -> int:
    """Side of the squares that occlusion covers an image with, in pixels."""
    return max(1, round(min(height, width) * SQUARE))


def _squares(height: int, width: int) -> list[tuple[slice, slice]]:
    """Places of the squares: rows and columns; the last ones end at the image's edge."""
    side = square_side(height, width)

    def starts(length: int) -> list[int]:
        return sorted({*range(0, length - side, max(1, side // 2)), length - side})

    return [(slice(top, top + side), slice(left, left + side)) for top in starts(height) for left in starts(width)]
