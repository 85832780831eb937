"""Arguments that a part takes from its data."""

from torchmetrics.classification import Accuracy, BinaryF1Score, MulticlassF1Score
from torchvision.models import resnet18

from akshar.devanagari.cards import INPUT_SPEC
from akshar.models.compact import Compact
from akshar.models.data_arguments import data_arguments, taken_of
from akshar.models.tutorial import Tutorial


def test_a_network_gets_what_its_signature_takes():
    def plain(num_classes):
        return None

    assert data_arguments(plain, 5, INPUT_SPEC.shape) == {"num_classes": 5}
    assert data_arguments(Compact, 5, INPUT_SPEC.shape) == {"num_classes": 5, "in_channels": 1}
    assert data_arguments(Tutorial, 5, INPUT_SPEC.shape) == {
        "num_classes": 5,
        "in_channels": 1,
        "image_size": [32, 32],
    }
    assert data_arguments(resnet18, 5, INPUT_SPEC.shape) == {"num_classes": 5}  # among its **kwargs
    assert data_arguments(lambda width=3: None, 5, INPUT_SPEC.shape) == {}


def test_a_metric_gets_what_its_signature_takes():
    offered = {"num_classes": 5, "task": "multiclass"}
    assert taken_of(offered, MulticlassF1Score) == {"num_classes": 5}
    assert taken_of(offered, Accuracy) == offered
    assert taken_of(offered, BinaryF1Score) == {}
