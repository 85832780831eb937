"""Exported files that frame drawings by themselves, for programs without akshar."""

import json
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import yaml
from PIL import Image, ImageOps

from akshar.errors import AksharError
from akshar.files import parse_json
from akshar.pictures.characters import read_character
from akshar.pictures.input_spec import InputSpec
from akshar.reader.export.agreement import FLOAT, Tolerance, agreement
from akshar.reader.export.graphs.drawing import with_framing
from akshar.reader.export.graphs.framing import PROBLEMS
from akshar.reader.export.images import ExportImages, export_images
from akshar.reader.metadata import read_spec
from akshar.reader.reader import load

ENLARGED = 6  # drawings are this many times as large as the images that they are made of
MARGIN = 16  # pixels of paper around them
COMPARED = 200
SAME = Tolerance(None, 0.97, 0.1)  # some images have specks, which akshar alone removes


def framed(content: bytes, images: ExportImages) -> tuple[bytes, list[str]]:
    """Put framing before the network of an exported file, and compare it with akshar's own framing.

    Args:
        content: of a file that `akshar export` wrote.
        images: to make drawings of.

    Returns:
        Content of the new file, and lines about it.

    Raises:
        AksharError: the answers differ too much.
    """
    network = onnx.load_from_string(content)
    facts = _facts(network)
    spec = read_spec(facts)
    model = with_framing(network, spec)
    onnx.helper.set_model_props(model, facts | {"problems": json.dumps(PROBLEMS)})
    model.producer_name, model.producer_version = "akshar", facts["akshar"]
    onnx.checker.check_model(model)
    result = model.SerializeToString()
    colours = ", 3" if spec.keeps_colours else ""
    note = f"with framing, {len(result) / 1e6:.2f} MB: drawing uint8 (H, W{colours}) -> probabilities float32 (K,)"
    return result, [note, _compare(result, content, images, spec)]


def images_of_file(content: bytes, data: str | None = None) -> ExportImages:
    """Load images as for the export of the run that an exported file comes from; see `export_images`."""
    facts = _facts(onnx.load_from_string(content))
    config = yaml.safe_load(parse_json(facts["config"])) if "config" in facts else {}
    return export_images(config if isinstance(config, dict) else {}, read_spec(facts), data)


def _compare(content: bytes, network: bytes, images: ExportImages, spec: InputSpec) -> str:
    """Read drawings with the graph, and with akshar's framing and the network alone."""
    with tempfile.TemporaryDirectory() as folder:
        alone = Path(folder) / "network.onnx"
        alone.write_bytes(network)
        reader = load(alone)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, ["CPUExecutionProvider"])
    expected, got = [], []
    for image in images.compared[:: -(-len(images.compared) // COMPARED)]:
        drawing = drawing_of(image, spec)
        (row,) = reader.classify([read_character(drawing, spec)])
        if row is not None:
            answer, problem = session.run(["probabilities", "problem"], {"drawing": drawing})
            expected.append(row)
            got.append(answer if problem == 0 else 0 * row)
    if not expected:  # as with images of noise
        return f"framing not compared with akshar's: none of the {images.name} shows a character"
    result = agreement(np.stack(expected), np.stack(got), SAME.tie)
    if not result.within(SAME):
        raise AksharError(f"the graph frames drawings unlike akshar, so the file is not kept: {result}")
    note = f"framing compared with akshar's on drawings of {result.images:,} {images.name}: {result}"
    specks = spec.framing == "ink" and not result.within(FLOAT)
    return f"{note}; they differ in specks, which akshar removes and the file reads" if specks else note


def drawing_of(image: np.ndarray, spec: InputSpec) -> np.ndarray:
    """Make a drawing that shows what a network's input does: larger, dark on light, with paper around it.

    Args:
        image: uint8 (height, width) or (3, height, width), as the spec says.
        spec: of the network.

    Returns:
        uint8 (H, W), or (H, W, 3) for a network that reads colours.
    """
    picture = Image.fromarray(image if image.ndim == 2 else np.moveaxis(image, 0, 2))
    picture = picture.resize((spec.width * ENLARGED, spec.height * ENLARGED), Image.Resampling.BICUBIC)
    if spec.framing != "ink":
        return np.asarray(picture)
    grey = picture.convert("L")
    dark = ImageOps.invert(grey) if spec.polarity == "light on dark" else grey
    return np.asarray(ImageOps.expand(dark, MARGIN, 255))


def _facts(model: onnx.ModelProto) -> dict[str, str]:
    return {entry.key: entry.value for entry in model.metadata_props}
