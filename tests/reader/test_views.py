"""A second look at what the network is not sure of, in Python and in the graph."""

import numpy as np
import onnx
import onnxruntime
from conftest import WEIGHTS
from drawing import InkPredictor

import akshar
from akshar.devanagari.cards import INPUT_SPEC
from akshar.pictures.characters import read_character
from akshar.pictures.framing import FramedPicture
from akshar.pictures.input_spec import InputSpec
from akshar.pictures.text import draw_text, font_files, load_font
from akshar.reader.export.graphs.second_look import with_second_look
from akshar.reader.reader import Reader
from akshar.reader.views import SURE, second_look


class Corner:
    """Sure of an image by the pixel in its corner, and counts what it is asked."""

    def __init__(self):
        self.asked = 0

    def __call__(self, pixels):
        self.asked += len(pixels)
        first = pixels[:, 1, 1] / np.float32(255)
        return np.stack([first, 1 - first], 1)


def test_only_unsure_pictures_are_looked_at_again():
    pixels = np.zeros((3, 4, 4), np.uint8)
    pixels[1:, 1, 1] = 255, 153
    network = Corner()
    rows = second_look(network, pixels)
    assert network.asked == 3 + 4
    assert np.allclose(rows, [[0, 1], [1, 0], [0.6 / 5, 4.4 / 5]])


def test_a_network_whose_pictures_are_not_framed_by_ink_looks_once():
    predictor = InkPredictor(sure=0.3)
    (row,) = Reader(predictor).classify([FramedPicture(np.zeros((32, 32), np.uint8), None)])
    assert row is not None
    assert predictor.batches == [1, 4]
    predictor.batches.clear()
    Reader(predictor).look_once([FramedPicture(np.zeros((32, 32), np.uint8), None)])
    assert predictor.batches == [1]
    predictor.batches.clear()
    predictor.input_spec = InputSpec(1, 32, 32, "light on dark", "none", 0, 0.5, 0.5)
    Reader(predictor).classify([FramedPicture(np.zeros((32, 32), np.uint8), None)])
    assert predictor.batches == [1]


def test_the_graph_looks_as_python_does():
    model = onnx.load(WEIGHTS)
    twice = onnxruntime.InferenceSession(with_second_look(model).SerializeToString())
    network = akshar.load(WEIGHTS).predictor.probabilities
    draw = np.random.default_rng(1)
    letters = [draw_text(load_font(font_files("fontpkg_mukta")[0]), letter, 40) for letter in "कखगघच"]
    pixels = np.stack([read_character(255 - letter, INPUT_SPEC).pixels for letter in letters] * 2)
    pixels[5:, 2:-2, 2:-2] = draw.integers(0, 256, (5, 28, 28))  # noise
    unsure = network(pixels).max(1) < SURE
    assert 0 < unsure.sum() < len(pixels)
    expected = second_look(network, pixels)
    assert np.abs(expected - network(pixels)).max() > 0.1
    for one, row in zip(pixels, expected, strict=True):
        assert np.allclose(twice.run(["probabilities"], {"pixels": one[None]})[0], row, atol=1e-6)
