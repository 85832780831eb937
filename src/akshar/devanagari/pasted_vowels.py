"""Vowels pasted together from pieces of scans: ३ and an upright are अ, ड and a tail are इ, and so on.

DHCD has no vowels, and drawn ones look drawn: a network could learn that a scan shows no vowel. These look scanned.
"""

import sys
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image, ImageDraw
from scipy.interpolate import make_interp_spline
from torch import Tensor
from tqdm import tqdm

from akshar.data.cache import Arrays, cache_root, cached_arrays, code_version
from akshar.data.image_set import ImageSet, as_tensor
from akshar.devanagari.cards import INPUT_SPEC
from akshar.devanagari.letters import SUBSETS, VOWELS
from akshar.pictures import framing, ink
from akshar.pictures.framing import frame_ink
from akshar.seeds import derive_seed

SIDE = 84  # pixels of a piece
HEIGHT, WIDTH = 170, 200  # pixels of the sheet
LEFT, TOP = 14, 50  # where the first piece lies, with room for marks above
TRIES = 12  # pieces of which the one with the most similar pen is taken
INKED = 0.4  # a pixel above this counts as ink
Point = tuple[float, float]


def pasted_vowels(scans: ImageSet, per_vowel: int, seed: int, cache_dir: str | None = None) -> ImageSet:
    """Make vowels of the first half of scans, or read the cache of them.

    Args:
        scans: of DHCD's classes.
        per_vowel: number of images of each.
        seed: of all choices; the same seed makes the same images.
        cache_dir: see `cache_root`.
    """
    scans = scans.part(first_half(scans))

    def build() -> Arrays:
        images = []
        for vowel in tqdm(VOWELS, desc="pasting vowels", unit=" classes", disable=None, leave=False):
            paste = PastedVowels(scans, np.random.default_rng(derive_seed(seed, "pasted", vowel.folder)))
            images += [paste.framed(vowel.letter) for _ in range(per_vowel)]
        return {"images": np.stack(images)}

    version = code_version((sys.modules[__name__], framing, ink))
    folder = cache_root(cache_dir) / f"pasted-vowels-{version}-{scans.digest()[:8]}-{per_vowel}-{seed}"
    return ImageSet(
        as_tensor(cached_arrays(folder, build, ("images",))["images"])[:, None],
        torch.arange(len(VOWELS)).repeat_interleave(per_vowel),
        torch.arange(per_vowel).repeat(len(VOWELS)),
        tuple(vowel.folder for vowel in VOWELS),
    )


def first_half(scans: ImageSet) -> Tensor:
    """The first half of each class's file numbers, and so other writers than the second half's: bool (N,)."""
    first = torch.zeros(len(scans), dtype=torch.bool)
    for label in range(len(scans.classes)):
        members = scans.labels == label
        first |= members & (scans.numbers <= scans.numbers[members].median())
    return first


class PastedVowels:
    """Makes vowels of scans.

    Args:
        scans: of DHCD's classes.
        draw: source of all random numbers.
    """

    def __init__(self, scans: ImageSet, draw: np.random.Generator):
        folders = {character.folder: character.letter for character in SUBSETS["all"]}
        pixels, labels = scans.pixels[:, 0].numpy(), scans.labels.numpy()
        self._scans = {folders[name]: pixels[labels == label] for label, name in enumerate(scans.classes)}
        self._draw = draw
        self._sheet = np.zeros((HEIGHT, WIDTH), np.float32)
        self._pen = 0.0

    def picture(self, vowel: str) -> np.ndarray:
        """Make one picture of a vowel: uint8 [0, 255] (HEIGHT, WIDTH), dark on light."""
        return np.rint(255 * (1 - self._write(vowel))).astype(np.uint8)

    def framed(self, vowel: str) -> np.ndarray:
        """Make one image of a vowel, framed as in DHCD: uint8 [0, 255] (32, 32)."""
        sheet = self._write(vowel)
        return frame_ink(sheet, sheet > INKED, self._pen, INPUT_SPEC).pixels

    def _write(self, vowel: str) -> np.ndarray:
        self._sheet = np.zeros((HEIGHT, WIDTH), np.float32)
        if vowel in "उऊ":
            self._u(looped=vowel == "ऊ")
        elif vowel in "इई":
            self._i(hooked=vowel == "ई")
        elif vowel in "एऐ":
            self._e(marked=vowel == "ऐ")
        else:
            self._a(vowel)
        return self._sheet

    def _a(self, vowel: str) -> None:
        between = self._draw.uniform
        width = between(46, 58)
        self._paste(self._piece("३"), LEFT, TOP + between(0, 6), width, SIDE)
        x = LEFT + width - between(6, 12)
        self._paste(self._piece("सनभतज", self._pen)[:, SIDE // 2 :], x, TOP, between(34, 44), SIDE)
        x += 40
        if vowel in "आओऔ":
            x -= between(2, 8)
            self._paste(self._piece("पयमणस", self._pen)[:, 54:], x, TOP, between(24, 30), SIDE)
            x += 20
        if vowel in "ओऔ":
            self._slant((x, TOP + 4), between(18, 34), between(22, 34))
        if vowel == "औ":
            self._slant((x, TOP + 4), between(36, 50), between(8, 16))
        if vowel == "अं":
            self._dot((x - between(0, 30), TOP - between(14, 26)))
        if vowel == "अः":
            for low, high in ((20, 34), (50, 68)):
                self._dot((x + between(8, 16), TOP + between(low, high)))

    def _i(self, hooked: bool) -> None:
        between = self._draw.uniform
        width, scan = between(60, 84), self._piece("ड")
        self._paste(scan, LEFT, TOP, width, 76)
        bottom = (scan[: np.flatnonzero((scan > INKED).any(1))[-1] + 1][-8:] > INKED).any(0)
        x, y = LEFT + np.flatnonzero(bottom)[0] / SIDE * width + between(0, 6), TOP + 68
        end = (x + between(26, 44), y + between(14, 26))
        if self._draw.random() < 0.7:
            self._line(
                [(x, y), (x + between(2, 10), y - between(6, 14)), (x + between(14, 24), y - between(2, 8)), end]
            )
        else:  # a tail without a loop
            self._line([(x + between(4, 14), y), (x + between(14, 22), y + between(4, 12)), end])
        if hooked:
            x = LEFT + width * between(0.4, 0.65)
            top = (x + between(0, 8), TOP - between(22, 30))
            side, end = (x - between(4, 12), TOP - between(10, 16)), (x + between(14, 26), TOP - between(18, 26))
            self._line([(x, TOP + 5), side, top, end])

    def _u(self, looped: bool) -> None:
        between = self._draw.uniform
        width = between(56, 70)
        self._paste(self._piece("३"), LEFT, TOP + 8, width, between(74, 84))
        self._paste(self._piece("टडदर", self._pen)[:16], LEFT + between(-6, 6), TOP, width + between(6, 20), 16)
        if looped:
            x, y = LEFT + width - between(10, 18), TOP + between(26, 34)
            self._paste(self._piece("कफ", self._pen)[26:, 48:], x, y, between(30, 38), between(44, 54))

    def _e(self, marked: bool) -> None:
        between = self._draw.uniform
        width, scan = between(60, 84), self._piece("प").copy()
        scan[50:, 40:] = 0  # the lower part of the upright
        self._paste(scan, LEFT, TOP, width, SIDE)
        start = (LEFT + width * between(0.3, 0.45), TOP + between(40, 48))
        bend = (start[0] + between(10, 18), start[1] + between(14, 20))
        self._line([start, bend, (LEFT + width * between(0.85, 1.05), TOP + between(78, 92))])
        if marked:
            self._slant((LEFT + width * between(0.5, 0.75), TOP + 5), between(20, 34), between(18, 30))

    def _piece(self, letters: str, pen: float | None = None) -> np.ndarray:
        """Pick a scan of one of some letters, with about the same pen: float [0, 1] (SIDE, SIDE)."""
        chosen = [self._scans[letter] for letter in self._draw.choice(list(letters), 1 if pen is None else TRIES)]
        scans = [_enlarged(scans[self._draw.integers(len(scans))]) for scans in chosen]
        widths = [ink.pen_width(scan > INKED) for scan in scans]
        best = 0 if pen is None else int(np.argmin(np.abs(np.log(np.array(widths) / pen))))
        self._pen = widths[best] if pen is None else self._pen
        return scans[best]

    def _paste(self, piece: np.ndarray, x: float, y: float, width: float, height: float) -> None:
        image = Image.fromarray(np.rint(piece * 255).astype(np.uint8)).resize((round(width), round(height)))
        scaled = np.asarray(image, np.float32) / 255
        place = self._sheet[round(y) : round(y) + scaled.shape[0], round(x) : round(x) + scaled.shape[1]]
        np.maximum(place, scaled[: place.shape[0], : place.shape[1]], out=place)

    def _slant(self, foot: Point, left: float, up: float) -> None:
        """Draw a mark from its foot to the upper left, bent a little."""
        bend = (foot[0] - left * self._draw.uniform(0.2, 0.5), foot[1] - up * self._draw.uniform(0.4, 0.7))
        self._line([foot, bend, (foot[0] - left, foot[1] - up)])

    def _dot(self, place: Point) -> None:
        self._line([place, (place[0] + self._draw.uniform(-5, 5), place[1] + self._draw.uniform(-3, 3))])

    def _line(self, points: Sequence[Point]) -> None:
        """Draw a smooth line, about as wide as the scans' pen."""
        image = Image.fromarray(np.rint(self._sheet * 255).astype(np.uint8))
        pen, radius = ImageDraw.Draw(image), self._pen / 2 * self._draw.uniform(0.8, 1.1)
        way = np.linspace(0, len(points) - 1, 40)
        for x, y in make_interp_spline(np.arange(len(points)), np.array(points), k=min(3, len(points) - 1))(way):
            pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
        self._sheet = np.asarray(image, np.float32) / 255


def _enlarged(pixels: np.ndarray) -> np.ndarray:
    box = Image.fromarray(
        pixels[INPUT_SPEC.border : -INPUT_SPEC.border, INPUT_SPEC.border : -INPUT_SPEC.border]
    ).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return np.asarray(box, np.float32) / 255
