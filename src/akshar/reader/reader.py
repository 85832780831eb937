"""The public API: reads pictures with a trained model. Torch is imported only if the model needs it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from akshar.errors import UsageError
from akshar.memory import garbage_collection_paused
from akshar.pictures.characters import read_character, read_row
from akshar.pictures.decode import Picture
from akshar.pictures.framing import FramedPicture
from akshar.pictures.line.cells import Cell
from akshar.reader.chosen_classes import chosen_classes, known_groups
from akshar.reader.predictor import Predictor
from akshar.reader.restriction import restrict
from akshar.reader.row_path import best_path
from akshar.reader.shipped_weights import find_model
from akshar.reader.views import looks_twice, second_look

THRESHOLD = 0.5  # a less confident answer is "unsure"
UNSURE = "unsure"
TOP = 5  # guesses in an answer


@dataclass(frozen=True)
class Guess:
    """A class that a picture may show.

    Attributes:
        class_name: its name in the model's data, e.g. "digit_5".
        letter: the text to display for it, e.g. "५".
        name: its label in Latin letters, e.g. "5" or "ka".
        confidence: calibrated probability, [0, 1]; where a part of the classes was asked for, see `restrict`.
    """

    class_name: str
    letter: str
    name: str
    confidence: float


@dataclass(frozen=True)
class Answer:
    """A model's answer to one picture.

    Attributes:
        guesses: the most likely of the classes that were asked for, at most five, in descending order; empty if
            there is nothing to classify.
        problem: None if the picture was read, else the reason: "blank", "all ink", "one stroke" (a straight one),
            "several" (characters, see `Reader.read_line`), "unsure".
        pixels: the network's input, uint8 [0, 255] (height, width) or (3, height, width).
        box: left, top, right, bottom of the character in the picture, pixels; None if it is blank.
    """

    guesses: tuple[Guess, ...]
    problem: str | None
    pixels: np.ndarray
    box: tuple[int, int, int, int] | None

    @property
    def letter(self) -> str | None:
        """Text of the best guess; None if the picture was not read."""
        return self.guesses[0].letter if self.problem is None else None

    @property
    def name(self) -> str | None:
        """The best guess in Latin letters; None if the picture was not read."""
        return self.guesses[0].name if self.problem is None else None

    @property
    def confidence(self) -> float:
        """Confidence of the best guess, [0, 1]; 0 without guesses."""
        return self.guesses[0].confidence if self.guesses else 0.0


class Reader:
    """Reads pictures with one model.

    Args:
        predictor: the model.
        threshold: answers with a lower confidence, [0, 1], are "unsure".
    """

    def __init__(self, predictor: Predictor, threshold: float = THRESHOLD):
        self.predictor = predictor
        self.threshold = threshold

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in the model's order."""
        return tuple(self.predictor.classes)

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Groups of the model's card, with those of their classes that the model knows; what `only` may name."""
        classes, card = self.predictor.classes, self.predictor.card
        return {
            group: tuple(classes[position] for position in positions)
            for group, positions in known_groups(classes, card).items()
        }

    def read(self, picture: Picture, only: str | None = None) -> Answer:
        """Read a picture of one character.

        Args:
            picture: a path, a file's content, a Pillow image or an array, see `decode`; any size, dark on light or
                light on dark.
            only: the classes that it may show, e.g. "digits" or "क,ख", see `chosen_classes`; None for all. A
                picture of something else is still "unsure".

        Raises:
            DataError: not a picture; the message says why.
            UsageError: `only` names no class of the model; the message says what does.
        """
        return self.read_many([picture], only)[0]

    def read_many(self, pictures: Iterable[Picture], only: str | None = None) -> list[Answer]:
        """Read pictures of one character each; see `read`."""
        if isinstance(pictures, str | bytes):
            raise UsageError("read_many: takes a list of pictures; `read` takes one")
        return self.read_framed([read_character(picture, self.predictor.input_spec) for picture in pictures], only)

    def read_line(self, picture: Picture, only: str | None = None) -> list[Answer]:
        """Read a row of characters, from left to right; see `read`. They may touch, or hang from one headline.

        Returns:
            One answer for each character; none for a blank picture. The signs / - . are recognised by their shape,
            not by the model, and whatever `only` is. In a row that is taken for a number, or for letters alone, the
            guesses are of this kind.
        """
        cells = read_row(picture, self.predictor.input_spec)
        return self.answer_row(cells, self.look_once([cell.framed for cell in cells]), self.choose(only))

    def read_framed(self, framed: Sequence[FramedPicture], only: str | None = None) -> list[Answer]:
        """Read pictures that are already framed as the model's `input_spec` says; see `read`."""
        chosen = self.choose(only)
        return [self.answer(one, row, chosen) for one, row in zip(framed, self.classify(framed), strict=True)]

    def choose(self, only: str | None) -> np.ndarray:
        """Positions of the classes that `only` names, see `chosen_classes`."""
        return chosen_classes(only, self.predictor.classes, self.predictor.card)

    def classify(self, framed: Sequence[FramedPicture]) -> list[np.ndarray | None]:
        """Compute the probabilities, float32 (K,), of each picture; None for one without a character.

        Where the network is not sure, it looks a second time, see `second_look`.
        """
        if not looks_twice(self.predictor.input_spec):
            return self.look_once(framed)
        return self._classify(framed, partial(second_look, self.predictor.probabilities))

    def look_once(self, framed: Sequence[FramedPicture]) -> list[np.ndarray | None]:
        """Classify without a second look, as the candidates of a row are, most of which are no characters."""
        return self._classify(framed, self.predictor.probabilities)

    def _classify(
        self, framed: Sequence[FramedPicture], probabilities: Callable[[np.ndarray], np.ndarray]
    ) -> list[np.ndarray | None]:
        readable = [one.pixels for one in framed if _is_readable(one)]
        rows = iter(probabilities(np.stack(readable)) if readable else ())
        return [next(rows) if _is_readable(one) else None for one in framed]

    def answer(self, framed: FramedPicture, row: np.ndarray | None, chosen: np.ndarray) -> Answer:
        """Make an answer of what `classify` and `choose` returned."""
        if framed.sign:
            guess = Guess(framed.sign, framed.sign, framed.sign, 1.0)
            return Answer((guess,), None, framed.pixels, framed.box)
        if row is None:
            return Answer((), framed.problem, framed.pixels, framed.box)
        confidence = restrict(row, chosen)
        best = np.argsort(-confidence, kind="stable")[:TOP].tolist()
        guesses = tuple(self.guess(self.classes[chosen[one]], float(confidence[one])) for one in best)
        problem = UNSURE if guesses[0].confidence < self.threshold else None
        return Answer(guesses, problem, framed.pixels, framed.box)

    def answer_row(
        self, cells: Sequence[Cell], rows: Sequence[np.ndarray | None], chosen: np.ndarray
    ) -> list[Answer]:
        """Choose the characters among the candidate cells of a row, and make their answers; see `answer`."""
        path = best_path(cells, rows, self.kinds(chosen))
        return [self.answer(cells[one.cell].framed, rows[one.cell], one.classes) for one in path]

    def kinds(self, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Divide positions of classes into digits, by their labels, and others."""
        digit = np.array(
            [self.predictor.card.label(self.classes[position]).isdecimal() for position in chosen], bool
        )
        return chosen[digit], chosen[~digit]

    def guess(self, class_name: str, confidence: float = 1.0) -> Guess:
        """A guess with the labels that the model's card has for a class."""
        card = self.predictor.card
        return Guess(class_name, card.label(class_name), card.transliteration(class_name), confidence)


def _is_readable(framed: FramedPicture) -> bool:
    return framed.problem is None and framed.sign is None


def load(model: str | Path, threshold: float = THRESHOLD, trust: Sequence[str] = ()) -> Reader:
    """Load a trained model.

    Args:
        model: a run's folder (its best checkpoint), a checkpoint, a file that `akshar export` wrote, or the name of
            weights that come with akshar: "letters58".
        threshold: answers with a lower confidence, [0, 1], are "unsure".
        trust: packages with your own networks that the model may use; see `load_checkpoint`.

    Raises:
        UsageError: the model does not exist or cannot be used; the message names the file.
    """
    model = find_model(model)
    if model.suffix == ".onnx":
        from akshar.reader.onnx_model import OnnxModel

        return Reader(OnnxModel(model), threshold)
    with garbage_collection_paused():
        from akshar.runs.load_checkpoint import load_checkpoint  # torch

    return Reader(load_checkpoint(str(model), trust), threshold)
