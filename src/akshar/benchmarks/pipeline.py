"""Images a second that reach the net: ours against ImageFolder with RandomAffine and two workers.

Run: `python -m akshar.benchmarks.pipeline [--images N] [--batch-size B]`. Both read the same images (drawn
glyphs, written as PNG for ImageFolder), both give normalised, augmented float batches, in one process run.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from PIL import Image
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import ImageFolder

from akshar.data.augment import Augment
from akshar.data.glyphs import Glyphs
from akshar.data.images import Images
from akshar.data.module import CharacterData
from akshar.memory import keep_freed_memory

WORKERS = 2
ROUNDS = 3
SECONDS = 1.0  # a round takes at least so long


def main() -> None:
    """Prints both figures and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=9200, help="images an epoch")
    parser.add_argument("--batch-size", type=int, default=32)
    arguments = parser.parse_args()
    keep_freed_memory()  # as `akshar train` does
    ours, theirs = measure(arguments.images, arguments.batch_size)
    print(f"akshar        {ours:>9,.0f} images/s")
    print(f"ImageFolder   {theirs:>9,.0f} images/s (RandomAffine, {WORKERS} workers)")
    print(f"ratio         {ours / theirs:>9.1f}")


def measure(images: int, batch_size: int) -> tuple[float, float]:
    """Images a second of both, the median of some rounds each; worker start-up is left out of ImageFolder's."""
    source = Glyphs(train_per_class=-(-images // 46), test_per_class=1)
    augment = Augment(rotation=45, translation=0.1, scale=(0.8, 1.2))
    data = CharacterData(source.load(), augment, batch_size=batch_size)
    assert data.train is not None

    def ours() -> Iterable[torch.Tensor]:
        return (data.prepare(batch, augmented=True).images for batch in data.train_dataloader())

    with tempfile.TemporaryDirectory() as folder:
        write_folder(data.train, Path(folder))
        loader = image_folder_loader(Path(folder), batch_size)
        return _rate(ours), _rate(lambda: (images for images, _ in loader))


def write_folder(images: Images, folder: Path) -> None:
    """Writes images as `<class>/<number>.png`."""
    for position, (pixels, label) in enumerate(zip(images.pixels, images.labels.tolist(), strict=True)):
        path = folder / images.classes[label] / f"{position}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels[0].numpy()).save(path)


def image_folder_loader(folder: Path, batch_size: int) -> "DataLoader[tuple[torch.Tensor, torch.Tensor]]":
    """The tutorial's own input pipeline, grey."""
    steps = [
        transforms.Grayscale(),
        transforms.RandomAffine(45, translate=(0.1, 0.1), scale=(0.8, 1.2)),
        transforms.ToTensor(),
        transforms.Normalize(0.5, 0.5),
    ]
    dataset = ImageFolder(str(folder), transforms.Compose(steps))
    return DataLoader(dataset, batch_size, shuffle=True, num_workers=WORKERS, persistent_workers=True)


def _rate(batches: Callable[[], Iterable[torch.Tensor]]) -> float:
    """Images a second: the median of some rounds of whole epochs."""
    rates = []
    for _ in range(ROUNDS + 1):  # the first warms up and is not counted
        count, seconds = 0, 0.0
        while seconds < SECONDS:
            iterator = iter(batches())
            next(iterator)  # workers are running from here on
            start = time.perf_counter()
            count += sum(len(batch) for batch in iterator)
            seconds += time.perf_counter() - start
        rates.append(count / seconds)
    return statistics.median(rates[1:])


if __name__ == "__main__":
    main()
