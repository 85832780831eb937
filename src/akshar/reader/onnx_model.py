"""`OnnxModel`: a network in an ONNX file that `akshar export` wrote, computed without torch."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from akshar.data.card import DatasetCard
from akshar.errors import UsageError
from akshar.extras import require_packages
from akshar.files import printable
from akshar.pictures.input_spec import InputSpec
from akshar.reader.metadata import read_card, read_classes, read_spec

BATCH = 64  # images at once: what a core's cache holds
SILENT = 4  # ONNX Runtime's log level; its exceptions carry the reason of a failure


class OnnxModel:
    """A network in ONNX Runtime on one core; see `Predictor`.

    Args:
        path: the file.

    Raises:
        UsageError: the file is missing, damaged, or not one that akshar exported; the message names it.
    """

    classes: tuple[str, ...]
    input_spec: InputSpec
    card: DatasetCard

    def __init__(self, path: Path):
        require_packages(str(path), "onnxruntime", extra="onnx")
        import onnxruntime

        self.path = printable(path)
        try:
            content = path.expanduser().read_bytes()
        except OSError as error:
            raise UsageError(f"{self.path}: cannot be read ({error.strerror})") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # an image takes a tenth of a millisecond: less than waking another thread
        options.log_severity_level = SILENT
        try:
            self._session = onnxruntime.InferenceSession(
                content, options, ["CPUExecutionProvider"], enable_fallback=0
            )
        except Exception as error:  # ONNX Runtime has an exception for each of its status codes
            raise UsageError(f"{self.path}: not an ONNX model, or a damaged one ({_reason(error)})") from error
        try:
            self._read_facts(self._session.get_modelmeta().custom_metadata_map)
        except UnicodeDecodeError as error:
            raise UsageError(f"{self.path}: damaged ONNX model ({_reason(error)})") from error
        except ValueError as error:
            raise UsageError(f"{self.path}: {printable(error)[:200]}; export it again") from error
        blank = np.zeros((2, *self.input_spec.pixels_shape), np.uint8)
        if not np.allclose(self.probabilities(blank).sum(1), 1, atol=1e-3):
            raise UsageError(f"{self.path}: its output is not probabilities; export it again")

    def probabilities(self, pixels: np.ndarray) -> np.ndarray:
        """Calibrated float32 (N, K) of uint8 [0, 255] (N, height, width) or (N, 3, height, width)."""
        rows = np.empty((len(pixels), len(self.classes)), np.float32)
        for start in range(0, len(pixels), BATCH):
            part = np.ascontiguousarray(pixels[start : start + BATCH])
            try:
                (rows[start : start + BATCH],) = self._session.run(["probabilities"], {"pixels": part})  # pyright: ignore
            except Exception as error:
                raise UsageError(f"{self.path}: cannot be computed ({_reason(error)})") from error
        return rows

    def _read_facts(self, facts: Mapping[str, str]) -> None:
        """Set classes, input spec and card, and check them against the graph.

        Raises:
            UsageError: akshar did not export this file.
            ValueError: a fact is missing, damaged, or does not belong to this graph.
        """
        inputs = [(one.name, one.type, tuple(one.shape[1:])) for one in self._session.get_inputs()]
        if "akshar" in facts and inputs[0][0] == "drawing":
            raise UsageError(
                f"{self.path}: frames drawings itself, for programs without akshar; load the file without -drawing"
            )
        if "akshar" not in facts or [one[:2] for one in inputs] != [("pixels", "tensor(uint8)")]:
            raise UsageError(f"{self.path}: not a model that akshar exported")
        self.input_spec = read_spec(facts)
        if inputs[0][2] != self.input_spec.pixels_shape:
            shape = " x ".join(str(size) for size in inputs[0][2])
            raise ValueError(f"the graph's input is {shape}, which does not fit {self.input_spec}")
        self.classes = read_classes(facts)
        outputs = [(one.name, one.type, one.shape[1:]) for one in self._session.get_outputs()]
        if outputs != [("probabilities", "tensor(float)", [len(self.classes)])]:
            raise ValueError(f"classes: {len(self.classes)} names do not fit the graph's output")
        self.card = read_card(facts, self.classes)


def _reason(error: Exception) -> str:
    """The start of an exception's message, in one line."""
    return printable(" ".join(str(error).split()))[:160]
