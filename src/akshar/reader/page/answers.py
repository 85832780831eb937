"""JSON bodies that the server sends."""

import base64
import io
from collections.abc import Sequence

from PIL import Image
from pydantic import BaseModel, Field

from akshar.reader.answer_formats import image_of
from akshar.reader.reader import Answer, Reader


class Class(BaseModel):
    """A class of the model."""

    class_name: str = Field(description="name in the model's data", examples=["digit_5"])
    letter: str = Field(description="text to display", examples=["५"])
    name: str = Field(description="label in Latin letters", examples=["5"])


class Group(BaseModel):
    """A group of the model's classes, which `only` may name."""

    name: str = Field(examples=["digits"])
    class_names: list[str] = Field(description="those that the model knows", examples=[["digit_0", "digit_1"]])


class Guess(Class):
    """A class that a picture may show."""

    confidence: float = Field(ge=0, le=1, description="calibrated; with `only`, the rest to 1 is for other classes")


class Character(BaseModel):
    """Answer to one character."""

    letter: str | None = Field(description="text to display; null if it was not read")
    name: str | None = Field(description="label in Latin letters; null if it was not read")
    confidence: float = Field(ge=0, le=1, description="of the best guess; 0 without guesses")
    problem: str | None = Field(
        description='null if it was read, else "blank", "all ink", "one stroke", "several" (characters) or "unsure"'
    )
    guesses: list[Guess] = Field(description="the most likely classes, in descending order")
    box: list[int] | None = Field(description="left, top, right, bottom of the character in the picture, pixels")
    pixels: str = Field(description="the network's input image: a data: URL of a PNG")


class Reading(Character):
    """Answer to a picture of one character."""

    milliseconds: float = Field(description="time from the picture's last byte to the answer")


class LineReading(BaseModel):
    """Answer to a picture of a row of characters."""

    text: str = Field(description="letters of the characters; \N{REPLACEMENT CHARACTER} for one that was not read")
    characters: list[Character] = Field(description="from left to right")
    milliseconds: float = Field(description="time from the picture's last byte to the answer")


class Refusal(BaseModel):
    """Reason why a request was refused."""

    detail: str


def character_of(answer: Answer) -> Character:
    """Convert an answer to its JSON body."""
    best = answer.guesses[0] if answer.letter is not None else None
    return Character(
        letter=best.letter if best else None,
        name=best.name if best else None,
        confidence=round(answer.confidence, 6),
        problem=answer.problem,
        guesses=[
            Guess(
                class_name=guess.class_name,
                letter=guess.letter,
                name=guess.name,
                confidence=round(guess.confidence, 6),
            )
            for guess in answer.guesses
        ],
        box=list(answer.box) if answer.box else None,
        pixels=_data_url(answer),
    )


def line_of(answers: Sequence[Answer], milliseconds: float) -> LineReading:
    """Convert the answers to a row to their JSON body."""
    text = "".join(answer.letter or "\N{REPLACEMENT CHARACTER}" for answer in answers)
    return LineReading(text=text, characters=[*map(character_of, answers)], milliseconds=milliseconds)


def classes_of(reader: Reader) -> list[Class]:
    """List a model's classes with their labels."""
    guesses = (reader.guess(name) for name in reader.classes)
    return [Class(class_name=guess.class_name, letter=guess.letter, name=guess.name) for guess in guesses]


def groups_of(reader: Reader) -> list[Group]:
    """List a model's groups."""
    return [Group(name=name, class_names=list(classes)) for name, classes in reader.groups.items()]


def _data_url(answer: Answer) -> str:
    content = io.BytesIO()
    Image.fromarray(image_of(answer.pixels)).save(content, "PNG")
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"
