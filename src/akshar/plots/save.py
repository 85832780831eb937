"""Saves figures and pictures as PNG, whole or not at all."""

from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from akshar.files import atomic_file


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure of matplotlib."""
    with atomic_file(path) as file:
        figure.savefig(file, format="png")


def save_picture(picture: Image.Image, path: Path) -> None:
    """Write a picture of Pillow."""
    with atomic_file(path) as file:
        picture.save(file, "PNG")
