"""Muon: what one step does."""

import pytest
import torch
from torch import Tensor, nn

from akshar.models.muon import COEFFICIENTS, Muon, orthogonalise


def newton_schulz(matrix: Tensor) -> Tensor:
    """The iteration as it is written down, in float64."""
    a, b, c = COEFFICIENTS
    x = matrix.double()
    x = x / x.norm()
    for _ in range(5):
        x = a * x + b * (x @ x.T) @ x + c * (x @ x.T) @ (x @ x.T) @ x
    return x


@pytest.mark.parametrize("shape", [(32, 36), (64, 288), (96, 32), (1, 9), (8, 1)])
def test_orthogonalised_is_newton_and_schulz(shape):
    torch.manual_seed(1)
    matrix = torch.randn(shape) * torch.logspace(0, -2, shape[1])
    torch.testing.assert_close(orthogonalise(matrix).double(), newton_schulz(matrix), atol=2e-4, rtol=1e-3)


def test_singular_values_come_near_one():
    torch.manual_seed(1)
    values = torch.linalg.svdvals(orthogonalise(torch.randn(64, 288) * 1e-3))
    assert values.min() > 0.6
    assert values.max() < 1.25


def test_a_gradient_of_zeros_moves_nothing():
    assert not orthogonalise(torch.zeros(4, 9)).any()


def test_a_kernel_steps_by_a_length_that_its_gradient_does_not_change():
    steps = []
    for factor in (1.0, 1000.0):
        kernel = nn.Parameter(torch.zeros(8, 4, 3, 3))
        torch.manual_seed(1)
        kernel.grad = torch.randn(8, 4, 3, 3) * factor
        Muon([kernel], lr=0.1).step()
        steps.append(kernel.detach().clone())
    torch.testing.assert_close(*steps, atol=1e-5, rtol=1e-4)
    values = torch.linalg.svdvals(steps[0].flatten(1))
    assert values.min() > 0.06
    assert values.max() < 0.125


def test_what_is_no_kernel_steps_as_under_adamw():
    torch.manual_seed(1)
    ours, theirs = (nn.Linear(5, 3) for _ in range(2))
    theirs.load_state_dict(ours.state_dict())
    muon = Muon(ours.parameters(), lr=0.1, adam_ratio=0.2, weight_decay=0.5)
    adam = torch.optim.AdamW(theirs.parameters(), lr=0.02, weight_decay=0.5)
    for _ in range(5):
        images = torch.randn(4, 5)
        for net, optimizer in ((ours, muon), (theirs, adam)):
            optimizer.zero_grad()
            net(images).square().mean().backward()
            optimizer.step()
    torch.testing.assert_close(ours.weight, theirs.weight)
    torch.testing.assert_close(ours.bias, theirs.bias)


def test_weight_decay_of_a_group():
    kernel = nn.Parameter(torch.ones(2, 2, 3, 3))
    kernel.grad = torch.zeros_like(kernel)
    Muon([{"params": [kernel], "weight_decay": 0.5}], lr=0.1).step()
    torch.testing.assert_close(kernel.detach(), torch.full_like(kernel, 1 - 0.1 * 0.5))


def test_a_stopped_run_goes_on_as_if_it_had_not_stopped():
    def make() -> tuple[nn.Module, Muon]:
        torch.manual_seed(1)
        net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(4, 2))
        return net, Muon(net.parameters(), lr=0.01)

    def train(net: nn.Module, optimizer: Muon, steps: range) -> None:
        for step in steps:
            images = torch.randn(3, 1, 3, 3, generator=torch.Generator().manual_seed(step))
            optimizer.zero_grad()
            net(images).square().sum().backward()
            optimizer.step()

    whole, optimizer = make()
    train(whole, optimizer, range(6))
    first, optimizer = make()
    train(first, optimizer, range(3))
    second, resumed = make()
    second.load_state_dict(first.state_dict())
    resumed.load_state_dict(optimizer.state_dict())
    train(second, resumed, range(3, 6))
    for name, value in whole.state_dict().items():
        assert torch.equal(value, second.state_dict()[name]), name
