"""A network rebuilt from its file."""

import numpy as np
import pytest
import torch
from small_files import CLASSES, NETWORK, network, write_old_checkpoint, write_small_checkpoint

from akshar.errors import UsageError
from akshar.runs.load_checkpoint import load_checkpoint

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 32, 32), dtype=np.uint8)


def expected_logits(net):
    with torch.no_grad():
        return net(torch.from_numpy(PIXELS[:, None]).float() / 255 * 2 - 1)


@pytest.mark.parametrize(("write", "temperature"), [(write_small_checkpoint, 1.5), (write_old_checkpoint, 1.1)])
def test_its_logits_are_those_of_the_network_that_was_saved(write, temperature, tmp_path):
    net = network(seed=4)
    trained = load_checkpoint(write(tmp_path / "x.ckpt", net))
    assert trained.classes == CLASSES
    assert trained.temperature == temperature
    assert trained.input_spec.shape == (1, 32, 32)
    assert trained.card.label("digit_2") == "२"
    logits = trained.logits(torch.from_numpy(PIXELS[:, None]))
    assert torch.allclose(logits, expected_logits(net), atol=1e-5)
    probabilities = trained.probabilities(PIXELS)
    assert np.allclose(probabilities, (logits / temperature).softmax(1), atol=1e-6)


def test_a_temperature_that_was_not_fitted_is_one(tmp_path):
    assert load_checkpoint(write_small_checkpoint(tmp_path / "x.ckpt", temperature=None)).temperature == 1


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (NETWORK | {"widths": [5]}, r"its weights do not fit its network \(classifier.weight, features"),
        ({"_target_": "torch.nn.ReLU"}, "its weights do not fit its network"),
        (NETWORK | {"height": 3}, r"Compact cannot be built \(TypeError"),
        ({"_target_": "os.system", "command": "true"}, "names os.system, which no file may name"),
        ({"_target_": "akshar.devanagari.glyphs.Glyphs"}, "which is not a network"),
        ({}, "names None, which no file may name"),
    ],
)
def test_a_network_that_cannot_be_rebuilt_is_reported(node, message, tmp_path):
    path = write_small_checkpoint(tmp_path / "x.ckpt", network=node)
    with pytest.raises(UsageError, match=message) as caught:
        load_checkpoint(path)
    assert str(path) in str(caught.value)


def test_weights_that_would_not_fit_into_memory_are_refused_before_it_is_taken(tmp_path):
    path = write_small_checkpoint(tmp_path / "x.ckpt", network=NETWORK | {"widths": [200_000]})
    with pytest.raises(UsageError, match="its weights do not fit its network"):
        load_checkpoint(path)
