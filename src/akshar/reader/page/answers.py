"""Answers as the server sends them."""

import base64
import io
from collections.abc import Sequence

from PIL import Image
from pydantic import BaseModel, Field

from akshar.devanagari.letters import letter_of, name_of
from akshar.reader.reader import Answer


class Class(BaseModel):
    """A class of the model."""

    class_name: str = Field(description="as the model's data names it", examples=["digit_5"])
    letter: str = Field(description="as it is written", examples=["५"])
    name: str = Field(description="as it is said in Latin letters", examples=["5"])


class Guess(Class):
    """A class that a picture may show."""

    confidence: float = Field(ge=0, le=1, description="calibrated")


class Character(BaseModel):
    """What is read in one character."""

    letter: str | None = Field(description="as it is written; null where it was not read")
    name: str | None = Field(description="as it is said in Latin letters; null where it was not read")
    confidence: float = Field(ge=0, le=1, description="of the best guess; 0 where there is none")
    problem: str | None = Field(
        description='null for a reading; else "blank", "all ink", "one stroke", "several" (characters) or "unsure"'
    )
    guesses: list[Guess] = Field(description="the most likely first")
    box: list[int] | None = Field(description="left, top, right, bottom of the character in the picture, pixels")
    pixels: str = Field(description="what the network saw: a data: URL of a PNG of 32 x 32, white on black")


class Reading(Character):
    """The answer to a picture of one character."""

    milliseconds: float = Field(description="from the picture's last byte to the answer")


class LineReading(BaseModel):
    """The answer to a picture of a row of characters."""

    text: str = Field(description="the letters that were read; \N{REPLACEMENT CHARACTER} for one that was not")
    characters: list[Character] = Field(description="from left to right")
    milliseconds: float = Field(description="from the picture's last byte to the answer")


class Refusal(BaseModel):
    """Why a request was not answered."""

    detail: str


def character_of(answer: Answer) -> Character:
    """An answer as it is sent."""
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
    """The answers of a row as they are sent."""
    text = "".join(answer.letter or "\N{REPLACEMENT CHARACTER}" for answer in answers)
    return LineReading(text=text, characters=[*map(character_of, answers)], milliseconds=milliseconds)


def classes_of(names: Sequence[str]) -> list[Class]:
    """The classes of a model as they are sent."""
    return [Class(class_name=name, letter=letter_of(name), name=name_of(name)) for name in names]


def _data_url(answer: Answer) -> str:
    content = io.BytesIO()
    Image.fromarray(answer.pixels).save(content, "PNG")
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"
