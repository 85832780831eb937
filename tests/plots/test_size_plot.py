"""Accuracy against number of parameters."""

from PIL import Image

from akshar.devanagari.cards import DHCD_CARD
from akshar.plots.size import Network, draw_size, error, pareto_front


def test_the_front_holds_what_nothing_smaller_beats():
    networks = [Network(10, 0.9), Network(20, 0.8), Network(30, 0.95), Network(30, 0.97), Network(40, 0.97)]
    assert pareto_front(networks) == [networks[0], networks[3]]


def test_the_plot_is_drawn_with_and_without_published_results(tmp_path):
    networks = [Network(10_000, 0.97, 0.001), Network(40_000, 0.99), Network(100_000, 1.0)]
    sizes = []
    for published in ((), DHCD_CARD.published):
        draw_size(networks, published, tmp_path / "size.png")
        with Image.open(tmp_path / "size.png") as picture:
            sizes.append(picture.size)
    assert sizes[0] == sizes[1]
    assert error(1.0) == 0.01  # has a place on a logarithmic axis
