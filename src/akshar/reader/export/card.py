"""The card beside an exported file: what the model does, its training data, accuracy and limits."""

from collections.abc import Mapping, Sequence
from typing import Any

from akshar.files import printable
from akshar.models.parameters import count_parameters
from akshar.runs.load_checkpoint import TrainedNetwork

LIMITS = (
    "It always answers one of its classes; only a low confidence shows that a picture may be something else.",
    "A class that is not in its list is taken for one that is.",
)


def card_of(
    trained: TrainedNetwork,
    file: str,
    notes: Sequence[str],
    result: Mapping[str, Any] | None,
    drawing: bool = False,
) -> str:
    """Write the card as Markdown.

    Args:
        trained: the network.
        file: name of the exported file.
        notes: facts about the file, one line each.
        result: content of the run's `result.json`; None without one.
        drawing: whether the file frames drawings by itself.
    """
    data, kind = trained.card, type(trained.classifier.net).__name__.lower()
    labels = " ".join(printable(data.label(name)) for name in trained.classes)
    sections = [
        f"# {file}",
        f"Reads images of one {printable(data.subject)} each: `{kind}`, "
        f"{count_parameters(trained.classifier.net):,} parameters, {len(trained.classes)} classes ({labels}).",
        _listed(notes),
        "## Accuracy",
        _accuracy(result, trained.temperature),
        "## Training data",
        _listed([data.title, f"Licence: {data.licence}", f"Cite: {data.citation}"]),
        "## Intended use",
        "Experiments, teaching, and applications that tolerate errors. Not for decisions about people, such as "
        "grading, identification or official forms, unless a person checks every answer.",
        "## Limits",
        _listed([*data.limits, *LIMITS]),
        "## How to load it",
    ]
    order = "The file's metadata contains `letters` and `classes` as JSON, in the order of the probabilities."
    if drawing:
        shape = "(H, W, 3)" if trained.input_spec.keeps_colours else "(H, W)"
        sections.append(
            f"With ONNX Runtime, in any language: input `drawing`, uint8 {shape} of any size. Outputs: "
            "`probabilities`, float32 (K,), calibrated; `problem`, 0 or the position in the metadata's `problems` "
            f"of why there is no character; `box` and `pixels`, what the network saw. {order}"
        )
        return "\n\n".join(sections) + "\n"
    sections.append(
        "```python\nimport akshar\n\n"
        f'answer = akshar.load("{file}").read("picture.png")\nprint(answer.letter, answer.confidence)\n```'
    )
    if file.endswith(".onnx"):
        sections.append(
            f"Or with ONNX Runtime alone: input `pixels`, {_input(trained)}; output `probabilities`, "
            f"float32 (N, K), calibrated. {order}"
        )
    return "\n\n".join(sections) + "\n"


def _input(trained: TrainedNetwork) -> str:
    """The graph's input in words."""
    spec = trained.input_spec
    shape = ", ".join(str(size) for size in spec.pixels_shape)
    height, width = spec.inner
    if spec.framing == "ink":
        return f"uint8 (N, {shape}), {spec.polarity}, stretched to the inner {width} x {height} pixels"
    return f"uint8 (N, {shape}), {'in colour (RGB)' if spec.channels == 3 else 'in grey'}"


def _accuracy(result: Mapping[str, Any] | None, temperature: float) -> str:
    """The run's results, and how they were obtained."""
    if not result or not result.get("test"):
        return f"Unknown: the model has no test result. Temperature {temperature:.4f}."
    test, fit, data = result["test"], result.get("fit") or {}, result.get("data") or {}
    low, high = (100 * bound for bound in test["interval_95"])
    host = (result.get("provenance") or {}).get("host") or {}
    versions = (result.get("provenance") or {}).get("versions") or {}
    device = ", ".join(host.get("gpus") or []) or f"{host.get('cpu')} (threads: {host.get('threads')})"
    lines = [
        f"Test accuracy of the checkpoint **{100 * test['accuracy']:.2f} %** ({test['correct']:,} of "
        f"{test['total']:,} images; 95 % interval {low:.2f} to {high:.2f} %), "
        f"log loss {test['loss']:.4f} before calibration",
        f"One run with seed {result.get('seed')} on the images of {data.get('source')}: {data.get('train', 0):,} "
        f"for training, {data.get('val', 0):,} for validation; the test set was read once",
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
