"""`DatasetCard`: what a data set is called, whose it is, and how its classes are shown."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, get_args, get_origin

UNKNOWN = "unknown; ask whoever trained the model"


@dataclass(frozen=True)
class PublishedResult:
    """A test accuracy from the literature, drawn beside measured ones.

    Attributes:
        name: of the network.
        parameters: number of trained parameters.
        accuracy: on the data set's test images, [0, 1].
        sd: standard deviation of the accuracy over runs; None for a single run.
    """

    name: str
    parameters: int
    accuracy: float
    sd: float | None = None


@dataclass(frozen=True)
class DatasetCard:
    """Facts about a data set; they travel with every network trained on it.

    Attributes:
        name: short name in tables and results, e.g. "folder".
        title: one sentence on what the images are.
        licence: of the images.
        citation: how to cite them.
        subject: what an image shows, e.g. "handwritten character"; for the card of an exported file.
        limits: known limits that the data sets to a model trained on it, one sentence each.
        labels: class name -> text to display; a class that is not listed shows its name.
        transliterations: class name -> its label in Latin letters.
        groups: name of a part of the classes, e.g. "digits" -> class names, of which a network may know only some;
            `akshar predict --only` takes it.
        font: package `fontpkg_*` with glyphs for the labels; None where DejaVu Sans has them.
        published: results of others on the test images.
    """

    name: str
    title: str
    licence: str = UNKNOWN
    citation: str = UNKNOWN
    subject: str = "image"
    limits: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    transliterations: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    font: str | None = None
    published: tuple[PublishedResult, ...] = ()

    def __post_init__(self) -> None:
        """Check the groups.

        Raises:
            ValueError: a group has no name, one with a comma, or something else than class names.
        """
        for name, members in self.groups.items():
            if not name or name != name.strip() or "," in name:
                raise ValueError(f"card.groups: {name!r} must be a name without commas and outer spaces")
            if isinstance(members, str) or not members or not all(isinstance(member, str) for member in members):
                raise ValueError(f"card.groups.{name}: must be a list of class names, at least one")

    def label(self, class_name: str) -> str:
        """Text to display for a class."""
        return self.labels.get(class_name, class_name)

    def transliteration(self, class_name: str) -> str:
        """A class's label in Latin letters."""
        return self.transliterations.get(class_name, class_name)

    def label_with_latin(self, class_name: str) -> str:
        """Text for figures: the label, and its name in Latin letters where that is another one.

        >>> DatasetCard("digits", "Digits", labels={"d1": "१"}, transliterations={"d1": "1"}).label_with_latin("d1")
        '१ 1'
        """
        label, latin = self.label(class_name), self.transliterations.get(class_name, "")
        return f"{label} {latin}" if latin not in ("", label) else label

    def to_record(self) -> dict[str, Any]:
        """Plain values, for checkpoints and JSON."""
        record = asdict(self)
        groups = {name: list(members) for name, members in self.groups.items()}
        lists = {name: list(record[name]) for name in ("limits", "published")}
        return record | lists | {"groups": groups}

    @staticmethod
    def from_record(record: Any) -> "DatasetCard":
        """Rebuild a card from plain values.

        Raises:
            ValueError: the values are not a card; the message names the first wrong key.
        """
        if not isinstance(record, dict) or not {"name", "title"} <= record.keys():
            raise ValueError("card: must be a mapping with name and title")
        for key, value in record.items():
            if key not in TYPES or not _has_type(value, TYPES[key]):
                raise ValueError(f"card.{key}: unknown, or of the wrong type")
        try:
            published = tuple(PublishedResult(**result) for result in record.get("published", ()))
        except TypeError as error:
            raise ValueError(f"card.published: {error}") from error
        groups = {name: tuple(members) for name, members in record.get("groups", {}).items()}
        limits = tuple(record.get("limits", ()))
        return DatasetCard(**record | {"limits": limits, "groups": groups, "published": published})


TYPES = {field_.name: field_.type for field_ in fields(DatasetCard)}


def _has_type(value: object, annotation: Any) -> bool:
    """Whether a plain value has the type of a card's field."""
    inner = get_args(annotation)
    if get_origin(annotation) is Mapping:
        return isinstance(value, dict) and all(
            isinstance(name, str) and _has_type(item, inner[1]) for name, item in value.items()
        )
    if get_origin(annotation) is tuple:
        return isinstance(value, list | tuple) and all(_has_type(item, inner[0]) for item in value)
    return isinstance(value, dict if annotation is PublishedResult else annotation)
