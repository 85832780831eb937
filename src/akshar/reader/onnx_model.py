"""A model that `akshar export` wrote as ONNX, without torch."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from akshar.errors import UsageError
from akshar.extras import require_packages
from akshar.files import printable
from akshar.pictures.frame import PREPROCESSING, SIDE

BATCH = 64  # images at once: what a core's cache holds
SILENT = 4  # ONNX Runtime's level of messages: what is wrong is told by its exceptions


class OnnxModel:
    """An engine on ONNX Runtime, on one core; see `Predictor`.

    Args:
        path: the file.

    Raises:
        UsageError: no such file, one that akshar did not write, a damaged one, or one for images that are prepared
            in another way; the message names it.
    """

    classes: tuple[str, ...]

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
        except Exception as error:  # of many kinds, all ONNX Runtime's own
            raise UsageError(f"{self.path}: is no ONNX model, or a damaged one ({_reason(error)})") from error
        try:
            self.classes = self._checked_classes(self._session.get_modelmeta().custom_metadata_map)
        except UnicodeDecodeError as error:
            raise UsageError(f"{self.path}: is a damaged ONNX model ({_reason(error)})") from error
        blank = np.zeros((2, SIDE, SIDE), np.uint8)
        if not np.allclose(self.probabilities(blank).sum(1), 1, atol=1e-3):
            raise UsageError(f"{self.path}: gives no probabilities; export it anew")

    def probabilities(self, pixels: np.ndarray) -> np.ndarray:
        """Calibrated float32 (N, K) of uint8 [0, 255] (N, 32, 32)."""
        answers = np.empty((len(pixels), len(self.classes)), np.float32)
        for start in range(0, len(pixels), BATCH):
            part = np.ascontiguousarray(pixels[start : start + BATCH])
            try:
                (answers[start : start + BATCH],) = self._session.run(["probabilities"], {"pixels": part})  # pyright: ignore
            except Exception as error:
                raise UsageError(f"{self.path}: cannot be computed ({_reason(error)})") from error
        return answers

    def _checked_classes(self, facts: dict[str, str]) -> tuple[str, ...]:
        """The classes, of a file that is ours and takes images as this version places them."""
        inputs = [(one.name, one.type, one.shape[1:]) for one in self._session.get_inputs()]
        if "akshar" not in facts or inputs != [("pixels", "tensor(uint8)", [SIDE, SIDE])]:
            raise UsageError(f"{self.path}: is no model that akshar exported")
        if plain(facts.get("preprocessing")) != PREPROCESSING:
            prepared = printable(facts.get("preprocessing"))[:200]
            raise UsageError(f"{self.path}: reads images prepared as {prepared}, not as here")
        classes = plain(facts.get("classes"))
        outputs = [(one.name, one.type, one.shape[1:]) for one in self._session.get_outputs()]
        named = isinstance(classes, list) and all(isinstance(name, str) for name in classes)
        if not named or outputs != [("probabilities", "tensor(float)", [len(classes)])]:
            raise UsageError(f"{self.path}: its classes are not those of its answers; export it anew")
        return tuple(classes)


def plain(text: str | None) -> Any:
    """What a text of JSON says; None where it is none."""
    try:
        return json.loads(text or "")
    except (ValueError, RecursionError):
        return None


def _reason(error: Exception) -> str:
    """The first line of what ONNX Runtime says."""
    return printable(" ".join(str(error).split()))[:160]
