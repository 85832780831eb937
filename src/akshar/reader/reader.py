"""The public API: a model, and what it reads in a picture. Torch is imported only for models that need it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from akshar.devanagari.letters import letter_of, name_of
from akshar.pictures.decode import Picture, decode
from akshar.pictures.frame import SPEC
from akshar.pictures.framing import FramedPicture, frame_picture
from akshar.pictures.line import cut_line
from akshar.reader.predictor import Predictor

THRESHOLD = 0.5  # a reading less likely than this is not given as one
UNSURE = "unsure"
TOP = 5  # guesses an answer holds


@dataclass(frozen=True)
class Guess:
    """One class that a picture may show.

    Attributes:
        class_name: as the model's data names it, e.g. "digit_5".
        letter: as it is written, e.g. "५".
        name: as it is said in Latin letters, e.g. "5" or "ka".
        confidence: calibrated, [0, 1].
    """

    class_name: str
    letter: str
    name: str
    confidence: float


@dataclass(frozen=True)
class Answer:
    """What a reader makes of one picture.

    Attributes:
        guesses: the most likely first, at most five; empty where there is nothing to read.
        problem: None for a reading; else why it is none: "blank", "all ink", "one stroke" (a straight one),
            "several" (characters, see `Reader.read_line`), "unsure".
        pixels: uint8 [0, 255] (32, 32), white on black, what the network saw.
        box: left, top, right, bottom of the character in the picture, pixels; None where there is none.
    """

    guesses: tuple[Guess, ...]
    problem: str | None
    pixels: np.ndarray
    box: tuple[int, int, int, int] | None

    @property
    def letter(self) -> str | None:
        """As it is written; None where it was not read."""
        return self.guesses[0].letter if self.problem is None else None

    @property
    def confidence(self) -> float:
        """Of the best guess, [0, 1]; 0 where there is none."""
        return self.guesses[0].confidence if self.guesses else 0.0


class Reader:
    """Reads pictures of characters with one model.

    Args:
        engine: the model.
        threshold: a reading that is less likely than this, [0, 1], is "unsure".
    """

    def __init__(self, engine: Predictor, threshold: float = THRESHOLD):
        self.engine = engine
        self.threshold = threshold

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names, in the model's order."""
        return tuple(self.engine.classes)

    def read(self, picture: Picture) -> Answer:
        """Reads one character.

        Args:
            picture: a path, a file's content, a Pillow image or an array, see `decode`; any size, dark on light or
                light on dark.

        Raises:
            DataError: not a picture; the message says why.
        """
        return self.read_many([picture])[0]

    def read_many(self, pictures: Iterable[Picture]) -> list[Answer]:
        """Reads one character in each picture; see `read`."""
        return self.read_placed([frame_picture(decode(picture), SPEC) for picture in pictures])

    def read_line(self, picture: Picture) -> list[Answer]:
        """Reads a row of separate characters, from left to right; see `read`.

        Returns:
            An answer for each; none for a blank picture. The signs / - . are told by their shape, not by the model.
        """
        return self.read_placed(cut_line(decode(picture), SPEC))

    def read_placed(self, found: Sequence[FramedPicture]) -> list[Answer]:
        """Reads characters that are framed already."""
        readable = [one.pixels for one in found if one.problem is None and one.sign is None]
        rows = iter(self.engine.probabilities(np.stack(readable)) if readable else ())
        return [self._answer(one, None if one.problem or one.sign else next(rows)) for one in found]

    def _answer(self, placed: FramedPicture, row: np.ndarray | None) -> Answer:
        if placed.sign:
            return Answer((Guess(placed.sign, placed.sign, placed.sign, 1.0),), None, placed.pixels, placed.box)
        if row is None:
            return Answer((), placed.problem, placed.pixels, placed.box)
        best = np.argsort(-row, kind="stable")[:TOP]
        names = self.engine.classes
        guesses = tuple(_guess(names[int(index)], float(row[index])) for index in best)
        problem = UNSURE if guesses[0].confidence < self.threshold else None
        return Answer(guesses, problem, placed.pixels, placed.box)


def _guess(class_name: str, confidence: float) -> Guess:
    return Guess(class_name, letter_of(class_name), name_of(class_name), confidence)


def load(model: str | Path, threshold: float = THRESHOLD, trust: Sequence[str] = ()) -> Reader:
    """A reader of a trained model.

    Args:
        model: a run's folder (its best checkpoint), a checkpoint, or a file that `akshar export` wrote.
        threshold: a reading that is less likely than this, [0, 1], is "unsure".
        trust: packages of your own whose networks the model may name; see `load_checkpoint`.

    Raises:
        UsageError: no such model, or one that cannot be used; the message names the file.
    """
    if Path(model).suffix == ".onnx":
        from akshar.reader.onnx_model import OnnxModel

        return Reader(OnnxModel(Path(model)), threshold)
    from akshar.runs.load_checkpoint import load_checkpoint  # torch

    return Reader(load_checkpoint(str(model), trust), threshold)
