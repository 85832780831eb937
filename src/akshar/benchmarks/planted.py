"""How many wrong labels a label audit finds: a known share of labels is made wrong, and looked for in its list.

akshar train -m sweep=kfold data.folds=5 data._target_=akshar.benchmarks.planted.Planted test=false
akshar inspect outputs/multirun/SWEEP --trust akshar.benchmarks
python -m akshar.benchmarks.planted outputs/multirun/SWEEP
"""

import argparse
import csv
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field

from akshar.data.card import DatasetCard
from akshar.data.image_set import ImageSet, TrainTest
from akshar.devanagari.cards import DHCD_CARD, INPUT_SPEC
from akshar.devanagari.dhcd import DHCD, URL
from akshar.pictures.input_spec import InputSpec
from akshar.seeds import generator


@dataclass(frozen=True)
class Planted:
    """DHCD with wrong labels among its training images; every other class is equally likely.

    Attributes:
        archive, subset, url, cache_dir: see `DHCD`.
        share: of the training images, [0, 1).
        plant_seed: of the choice.
    """

    archive: str | None = None
    subset: Literal["all"] = "all"
    url: str = URL
    cache_dir: str | None = None
    share: Annotated[float, Field(ge=0, lt=1)] = 0.01
    plant_seed: Annotated[int, Field(ge=0)] = 1

    card: ClassVar[DatasetCard] = replace(DHCD_CARD, name="planted", published=())
    input_spec: ClassVar[InputSpec] = INPUT_SPEC

    def load(self) -> TrainTest:
        """Load DHCD, see there, and change labels."""
        data = DHCD(self.archive, self.subset, self.cache_dir, self.url).load()
        assert data.train is not None
        positions, labels = plant(data.train, self.share, self.plant_seed)
        changed = data.train.labels.clone()
        changed[positions] = labels
        # Named by position, because two images of a class may have the same number now
        files = tuple(str(position) for position in range(len(changed)))
        return replace(data, card=self.card, train=replace(data.train, labels=changed, files=files))


def plant(images: ImageSet, share: float, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Choose images and their wrong labels: int64 positions and labels, both (round(share * N),)."""
    draws = generator(seed, "plant")
    positions = torch.randperm(len(images), generator=draws)[: round(share * len(images))]
    classes = len(images.classes)
    shift = torch.randint(1, classes, (len(positions),), generator=draws)
    return positions, (images.labels[positions] + shift) % classes


def main() -> None:
    """Report the share of the planted labels that the list of a sweep holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sweep", type=Path, help="folder of the sweep, with labels.csv")
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--plant-seed", type=int, default=1)
    args = parser.parse_args()
    train = DHCD().load().train
    assert train is not None
    positions, _ = plant(train, args.share, args.plant_seed)
    planted = {str(position) for position in positions.tolist()}
    with (args.sweep / "labels.csv").open(encoding="utf-8") as file:
        listed = [row["file"] for row in csv.DictReader(file) if row["part"] == "train"]
    for times in (1, 2, 3):
        first = listed[: times * len(planted)]
        found = len(planted & {*first})
        share = found / len(planted)
        print(f"first {len(first):,} of the list: {found} of {len(planted)} planted labels ({share:.1%})")


if __name__ == "__main__":
    main()
