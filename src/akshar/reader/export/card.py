"""The card beside an exported file: what it is, what it learned from, how good it is, what it is not for."""

from collections.abc import Mapping, Sequence
from typing import Any

from akshar.devanagari.letters import letter_of
from akshar.files import printable
from akshar.models.classifier import count_parameters
from akshar.reader.export.facts import source_of
from akshar.runs.load_checkpoint import TrainedNetwork

LIMITS = (
    "It reads one character at a time: no words, no vowel signs, no half forms.",
    "It answers one of its classes whatever it is shown; a low confidence is its only way to say no.",
    "A class outside its list is read as one inside.",
)


def card_of(trained: TrainedNetwork, file: str, notes: Sequence[str], result: Mapping[str, Any] | None) -> str:
    """The card, as Markdown.

    Args:
        trained: the network.
        file: name of the exported file.
        notes: facts about the file, a line each.
        result: content of the run's `result.json`; None where there is none.
    """
    source, kind = source_of(trained.config), type(trained.classifier.net).__name__.lower()
    letters = " ".join(printable(letter_of(name)) for name in trained.classes)
    limits = [*source.limits, *LIMITS]
    sections = [
        f"# {file}",
        f"Reads single handwritten characters of Devanagari: `{kind}`, "
        f"{count_parameters(trained.classifier.net):,} parameters, {len(trained.classes)} classes ({letters}).",
        _listed(notes),
        "## How good it is",
        _figures(result, trained.temperature),
        "## What it learned from",
        _listed([f"{source.name}", f"Licence: {source.licence}", f"Cite: {source.citation}"]),
        "## What it is for",
        "Reading separate characters, teaching, experiments. Not for decisions about people: no grading, no "
        "identity, no forms of an office, without a person who looks at every answer.",
        "## Limits",
        _listed(limits),
        "## How to load it",
        "```python\nimport akshar\n\n"
        f'answer = akshar.load("{file}").read("letter.png")\nprint(answer.letter, answer.confidence)\n```',
    ]
    if file.endswith(".onnx"):
        sections.append(
            "Or with ONNX Runtime alone: input `pixels`, uint8 (N, 32, 32), white ink on black, the character "
            "stretched to the inner 28x28; output `probabilities`, float32 (N, K), calibrated. The file's metadata "
            "has `letters` and `classes` as JSON, in the order of the columns."
        )
    return "\n\n".join(sections) + "\n"


def _figures(result: Mapping[str, Any] | None, temperature: float) -> str:
    """The run's own figures, with what they were made with."""
    if not result or not result.get("test"):
        return f"Not measured here: no record of a test came with the model. Temperature {temperature:.4f}."
    test, fit, data = result["test"], result.get("fit") or {}, result.get("data") or {}
    low, high = (100 * bound for bound in test["interval_95"])
    host = (result.get("provenance") or {}).get("host") or {}
    versions = (result.get("provenance") or {}).get("versions") or {}
    device = ", ".join(host.get("gpus") or []) or f"{host.get('cpu')} (threads: {host.get('threads')})"
    lines = [
        f"Test accuracy of the checkpoint **{100 * test['accuracy']:.2f} %** ({test['correct']:,} of "
        f"{test['total']:,} images; 95 % interval {low:.2f} to {high:.2f} %), "
        f"log loss {test['loss']:.4f} before calibration",
        f"One run, seed {result.get('seed')}; the images of {data.get('source')}: {data.get('train', 0):,} trained "
        f"on, {data.get('val', 0):,} for validation, the test set read once",
        f"Confidence calibrated on the validation images, temperature {temperature:.4f}",
    ]
    if fit:
        lines.append(
            f"Trained for {fit['epochs']} epochs in {fit['seconds']:.0f} s on {device}, {fit.get('precision')}, "
            f"torch {versions.get('torch')}, Python {versions.get('python')}"
        )
    return _listed(lines)


def _listed(lines: Sequence[str]) -> str:
    return "\n".join(f"- {printable(line)}" for line in lines)
