"""Features of a network's last hidden layer, nearest neighbours in them, and occlusion maps."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from akshar.data.image_set import normalise, to_unit
from akshar.runs.load_checkpoint import TrainedNetwork

PATCH = 5  # pixels; side of the square that occlusion covers


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
    """Compute how much covering a region lowers a logit (Zeiler and Fergus, ECCV 2014), with captum.

    Args:
        network: the trained network.
        pixels: uint8 [0, 255] (N, C, H, W).
        targets: int (N,), class of the logit for each image.

    Returns:
        float32 (N, H, W); above 0 where the content of the image supports the class.
    """
    from captum.attr import Occlusion  # imported late: an extra

    net, channels = network.classifier.cpu().float(), pixels.shape[1]
    with torch.no_grad():
        drop = Occlusion(net).attribute(
            normalise(to_unit(pixels), network.input_spec),
            sliding_window_shapes=(channels, PATCH, PATCH),
            strides=(channels, 2, 2),
            target=torch.as_tensor(targets),
            baselines=normalise(torch.zeros(1, *pixels.shape[1:]), network.input_spec),  # black
        )
    return drop[:, 0].numpy()
