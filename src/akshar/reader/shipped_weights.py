"""Trained networks that come with akshar, which are loaded by name."""

from pathlib import Path

from akshar.config.keys import did_you_mean
from akshar.errors import UsageError
from akshar.files import printable


def weights_dir() -> Path:
    """`weights/` in the package for a wheel, of the checkout for an editable install."""
    package = Path(__file__).parents[1]
    packaged = package / "weights"
    return packaged if packaged.is_dir() else package.parents[1] / "weights"


def find_model(model: str | Path) -> Path:
    """Find a model by its path, or by the name of shipped weights or of their file; a path that exists comes first.

    Raises:
        UsageError: nothing, a pipe, or a name, without a folder or an ending, that is neither.
    """
    path = Path(model).expanduser()
    if not str(model) or (path.exists() and not path.is_file() and not path.is_dir()):
        raise UsageError(f"{printable(model) or 'MODEL'}: no regular file; name a run folder, a file or letters58")
    shipped = {file.stem: file for file in sorted(weights_dir().glob("*.onnx"))}
    if path.name == str(model) and path.suffix == ".onnx" and path.stem in shipped and not path.exists():
        return shipped[path.stem]
    if path.name != str(model) or path.suffix or path.exists():
        return path
    if path.name not in shipped:
        hint = "; letters58 replaces it" if path.name == "robust" else did_you_mean(path.name, shipped)
        raise UsageError(
            f"{printable(model)}: no such file, run folder or shipped weights ({', '.join(shipped)}){hint}"
        )
    return shipped[path.name]
