"""Arguments that a network takes from its data."""

from akshar.devanagari.cards import INPUT_SPEC
from akshar.models.compact import Compact
from akshar.models.data_arguments import data_arguments
from akshar.models.tutorial import Tutorial


def test_a_network_gets_what_its_signature_takes():
    def plain(num_classes):
        return None

    assert data_arguments(plain, 5, INPUT_SPEC) == {"num_classes": 5}
    assert data_arguments(Compact, 5, INPUT_SPEC) == {"num_classes": 5, "in_channels": 1}
    assert data_arguments(Tutorial, 5, INPUT_SPEC) == {"num_classes": 5, "in_channels": 1, "image_size": [32, 32]}
