"""Images per second that reach the net: ours, torchvision's v2 transforms, and ImageFolder with PIL.

Run: `python -m akshar.benchmarks.pipeline [--images N] [--batch-size B]`. All three yield the same drawn glyphs as
normalised float batches under the tutorial's RandomAffine; the other two image by image, in two worker processes.
"""

import argparse
import math
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

from akshar.benchmarks.measured import Measured, OnProgress, measure, no_progress
from akshar.data.augment import Augment
from akshar.data.image_set import ImageSet
from akshar.data.module import ImageDataModule
from akshar.devanagari.glyphs import Glyphs
from akshar.memory import keep_freed_memory

WORKERS = 2
OURS, V2, FOLDER = "akshar", "torchvision v2, image by image", "ImageFolder with PIL"
AFFINE = {"degrees": 45, "translate": (0.1, 0.1), "scale": (0.8, 1.2)}


def main() -> None:
    """Print the three rates and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=9200, help="images per epoch")
    parser.add_argument("--batch-size", type=int, default=32)
    args = parser.parse_args()
    keep_freed_memory()  # as `akshar train` does
    measured = measure_pipeline(args.images, args.batch_size)
    for name, figure in measured.items():
        print(f"{name:32}{figure.median:>9,.0f} images/s   akshar: {measured[OURS].times(figure):.1f} times that")


def measure_pipeline(
    images: int,
    batch_size: int,
    seconds: float = 1.0,
    rounds: int = 3,
    on_progress: OnProgress = no_progress,
    budget_s: float = math.inf,
    names: Sequence[str] = (OURS, V2, FOLDER),
) -> dict[str, Measured]:
    """Images per second of each pipeline; the start of the workers is not counted.

    Args:
        images: images per epoch, drawn glyphs.
        batch_size: images per batch.
        seconds: the shortest time of one turn, which consists of whole epochs.
        rounds: number of rounds.
        on_progress: called with what is being measured.
        budget_s: seconds for all of it, see `measure`.
        names: the pipelines to measure.
    """
    source = Glyphs(train_per_class=-(-images // 46), test_per_class=1)
    augment = Augment(rotation=45, translation=0.1, scale=(0.8, 1.2))
    data = ImageDataModule(source.load(), augment, batch_size=batch_size)
    assert data.train is not None

    def ours() -> Iterable[Tensor]:
        return (data.prepare(batch, augmented=True).images for batch in data.train_dataloader())

    def loader(dataset: "Dataset[tuple[Tensor, int]]") -> Callable[[], Iterable[Tensor]]:
        batches = DataLoader(dataset, batch_size, shuffle=True, num_workers=WORKERS, persistent_workers=True)
        return lambda: (images for images, _ in batches)

    with tempfile.TemporaryDirectory() as folder:
        write_folder(data.train, Path(folder))
        makers = {OURS: ours, V2: loader(ImageByImage(data.train)), FOLDER: loader(image_folder(Path(folder)))}
        contenders = {name: lambda name=name: _rate(makers[name], seconds) for name in names}
        return measure(contenders, "images/s", rounds, on_progress, budget_s)


class ImageByImage(Dataset[tuple[Tensor, int]]):
    """Images in memory, each through torchvision's v2 transforms by itself."""

    def __init__(self, images: ImageSet):
        self.images = images
        self.steps = v2.Compose(
            [v2.RandomAffine(**AFFINE), v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5], [0.5])]
        )

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.steps(self.images.pixels[index]), int(self.images.labels[index])


def image_folder(folder: Path) -> "Dataset[tuple[Tensor, int]]":
    """The tutorial's input pipeline, in grey."""
    steps = [
        transforms.Grayscale(),
        transforms.RandomAffine(**AFFINE),
        transforms.ToTensor(),
        transforms.Normalize(0.5, 0.5),
    ]
    return ImageFolder(str(folder), transforms.Compose(steps))


def write_folder(images: ImageSet, folder: Path) -> None:
    """Write images as `<class>/<number>.png`."""
    for position, (pixels, label) in enumerate(zip(images.pixels, images.labels.tolist(), strict=True)):
        path = folder / images.classes[label] / f"{position}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels[0].numpy()).save(path)


def _rate(batches: Callable[[], Iterable[Tensor]], seconds: float) -> float:
    """Images per second of whole epochs, over at least `seconds`."""
    count, spent = 0, 0.0
    while spent < seconds:
        iterator = iter(batches())
        next(iterator)  # workers are running from here on
        start = time.perf_counter()
        count += sum(len(batch) for batch in iterator)
        spent += time.perf_counter() - start
    return count / spent


if __name__ == "__main__":
    main()
