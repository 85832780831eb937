"""Muon (Jordan et al., kellerjordan.github.io/posts/muon, 2024): SGD with orthogonalised momentum."""

import math
from collections.abc import Callable
from typing import Annotated, Any

import torch
from pydantic import Field
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.adamw import adamw

BelowOne = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # Jordan's; a small singular value grows by the first in each iteration
ITERATIONS = 5


class Muon(Optimizer):
    """Updates convolution kernels with their orthogonalised momentum, and all other parameters with AdamW.

    A kernel (out, in, h, w) is treated as the matrix (out, in * h * w); its step is `lr` times that matrix's
    Nesterov momentum with all singular values near 1, times sqrt(out / (in * h * w)) where that is above 1.

    Args:
        params: parameters or groups of them.
        lr: of kernels.
        momentum: of kernels.
        weight_decay: decoupled, of kernels and matrices; a parameter group may set another value.
        adam_ratio: AdamW's lr divided by `lr`, so that one schedule controls both.
        betas: of AdamW.
        eps: of AdamW.
    """

    def __init__(
        self,
        params: Any,
        lr: Positive = 0.02,
        momentum: BelowOne = 0.9,
        weight_decay: Annotated[float, Field(ge=0)] = 0.05,
        adam_ratio: Positive = 0.2,
        betas: tuple[BelowOne, BelowOne] = (0.9, 0.999),
        eps: Positive = 1e-8,
    ):
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "weight_decay": weight_decay,
            "adam_ratio": adam_ratio,
            "betas": tuple(betas),
            "eps": eps,
        }
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient; return the result of `closure`."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            learning = [parameter for parameter in group["params"] if parameter.grad is not None]
            for kernel in learning:
                if kernel.ndim == 4:
                    self._step_kernel(kernel, group)
            if others := [parameter for parameter in learning if parameter.ndim != 4]:
                self._step_others(others, group)
        return loss

    def _step_kernel(self, kernel: Tensor, group: dict[str, Any]) -> None:
        state, gradient = self.state[kernel], kernel.grad
        assert gradient is not None
        if not state:
            state["momentum"] = torch.zeros_like(gradient)
        momentum = state["momentum"].mul_(group["momentum"]).add_(gradient)
        ahead = gradient.add(momentum, alpha=group["momentum"]).flatten(1)
        rows, columns = ahead.shape
        step = orthogonalise(ahead).view_as(kernel)
        kernel.mul_(1 - group["lr"] * group["weight_decay"])
        kernel.add_(step, alpha=-group["lr"] * math.sqrt(max(1, rows / columns)))

    def _step_others(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        states = [self.state[parameter] for parameter in parameters]
        for state, parameter in zip(states, parameters, strict=True):
            if not state:
                state["step"] = torch.zeros((), device=parameter.device)
                state["mean"], state["square"] = torch.zeros_like(parameter), torch.zeros_like(parameter)
        beta1, beta2 = group["betas"]
        adamw(
            parameters,
            [parameter.grad for parameter in parameters if parameter.grad is not None],
            [state["mean"] for state in states],
            [state["square"] for state in states],
            [],
            [state["step"] for state in states],
            fused=True,
            amsgrad=False,
            beta1=beta1,
            beta2=beta2,
            lr=group["lr"] * group["adam_ratio"],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            maximize=False,
        )


def orthogonalise(matrix: Tensor) -> Tensor:
    """Bring the singular values of a matrix near 1 (0.7 to 1.2, except values close to 0).

    Computes the Newton-Schulz iteration x <- (a + b xx' + c (xx')^2) x. Only the small square xx' and the product
    of the polynomials are iterated, and x is multiplied once: a third of the time for a 3x3 kernel's matrix.

    Args:
        matrix: float (n, m).

    Returns:
        float32 (n, m).
    """
    a, b, c = COEFFICIENTS
    x = matrix.float()
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    x = x / (x.norm() + 1e-7)
    square = x @ x.T
    product: Tensor | None = None
    for iteration in range(ITERATIONS):
        polynomial = torch.addmm(square, square, square, beta=b, alpha=c)
        polynomial.diagonal().add_(a)
        product = polynomial if product is None else polynomial @ product
        if iteration < ITERATIONS - 1:
            square = polynomial @ square @ polynomial
    assert product is not None
    x = product @ x
    return x.T if tall else x
