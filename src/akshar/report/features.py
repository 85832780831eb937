"""What a network makes of an image before its last layer, and which images are alike in that."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from akshar.data.image_set import normalise, to_unit
from akshar.runs.load_checkpoint import TrainedNetwork


def read_features(trained: TrainedNetwork, pixels: Tensor, precision: str, device: str) -> np.ndarray:
    """The input of the network's last linear layer; of a network without one, its logits.

    Args:
        trained: the network.
        pixels: uint8 [0, 255] (N, 1, 32, 32), white on black.
        precision, device: see `Trained.logits`.

    Returns:
        float32 (N, D), each row of length 1.
    """
    layers = [module for module in trained.classifier.net.modules() if isinstance(module, nn.Linear)]
    seen: list[Tensor] = []

    def keep(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        seen.append(inputs[0].flatten(1).float().cpu())

    hook = layers[-1].register_forward_hook(keep) if layers else None
    try:
        logits = trained.logits(pixels, precision=precision, device=device)
    finally:
        if hook is not None:
            hook.remove()
    features = torch.cat(seen) if layers else logits
    return torch.nn.functional.normalize(features).numpy()


def nearest(queries: np.ndarray, among: np.ndarray, count: int) -> np.ndarray:
    """Int64 (Q, count): positions of the nearest of `among` by cosine, the nearest first.

    Args:
        queries: float32 (Q, D), rows of length 1.
        among: float32 (M, D), likewise.
        count: at most M.
    """
    likeness = queries @ among.T
    found = np.argpartition(-likeness, count - 1, axis=1)[:, :count]
    order = np.argsort(-np.take_along_axis(likeness, found, 1), axis=1, kind="stable")
    return np.take_along_axis(found, order, 1)


def occlusion(trained: TrainedNetwork, pixels: Tensor, classes: np.ndarray) -> np.ndarray:
    """How much covering a place takes from a class's logit (Zeiler and Fergus, ECCV 2014), by captum.

    Args:
        trained: the network.
        pixels: uint8 [0, 255] (N, 1, 32, 32), white on black.
        classes: int (N,), whose logit is watched.

    Returns:
        float32 (N, 32, 32): above 0 where the ink, or its absence, speaks for the class.
    """
    from captum.attr import Occlusion  # an extra, wanted here alone

    net = trained.classifier.cpu().float()
    with torch.no_grad():
        loss = Occlusion(net).attribute(
            normalise(to_unit(pixels)),
            sliding_window_shapes=(1, 5, 5),
            strides=(1, 2, 2),
            target=torch.as_tensor(classes),
            baselines=-1.0,  # background
        )
    return loss[:, 0].numpy()
