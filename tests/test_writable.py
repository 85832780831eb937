"""What cannot be written is said before work begins, by every command that writes; nothing is changed."""

import pytest
from conftest import TINY

from akshar.errors import UsageError
from akshar.writable import check_file, check_folder

REFUSED = {
    "predict RUN x.png --csv out.csv": "--csv out.csv",
    "predict RUN x.png --sheet out.png": "--sheet out.png",
    "compare RUN runs/1": "--out outputs/compare/",
    "compare RUN runs/1 --out out": "--out out",
    "export RUN": "runs/0/model.onnx",
    "export RUN --format safetensors --output out.safetensors": "--output out.safetensors",
    "bench --quick": "--output outputs/bench/",
    "sweep runs": "runs",
    "inspect RUN": "runs/0",
    "runs rm RUN --root runs --yes": "runs/0",
    "test checkpoint=RUN": "hydra.run.dir=outputs/test/",
    "test checkpoint=RUN hydra.run.dir=out": "hydra.run.dir=out",
    "test -m checkpoint=RUN,runs/1 data=glyphs": "hydra.sweep.dir=outputs/test/",
    "train TINY": "hydra.run.dir=outputs/train/",
    "train TINY hydra.run.dir=out": "hydra.run.dir=out",
    "train -m TINY seed=1,2": "hydra.sweep.dir=outputs/multirun/",
    "train resume=RUN trainer.max_epochs=3": "resume=runs/0",
    "train repeat=RUN": "outputs/train/",
}


@pytest.mark.parametrize("command", REFUSED)
def test_a_place_without_permission_is_one_line(command, unwritable, as_nobody, fault):
    words = command.replace("RUN", "runs/0").replace("TINY", " ".join(TINY)).split()
    exit_code, lines = as_nobody(*words, cwd=unwritable)
    (line,) = lines
    assert line.startswith(f"error: {REFUSED[command]}")
    assert line.endswith(": cannot be written (Permission denied)")
    assert exit_code == 2
    assert [path.name for path in unwritable.iterdir()] == ["runs"]
    fault(
        "a working directory, output or run folder that the user may not write",
        "every command begins with one line: `--csv out.csv: cannot be written (Permission denied)`",
    )


def test_a_check_changes_nothing(tmp_path):
    (tmp_path / "file").write_bytes(b"old")
    check_file(tmp_path / "file", "x")
    check_file(tmp_path / "new", "x")
    check_folder(tmp_path / "a" / "b", "x")
    check_folder(tmp_path, "x")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


def test_what_is_wrong_is_said(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "lost").symlink_to("nowhere/file")
    (tmp_path / "loop").symlink_to("loop")
    for path, reason in (
        (tmp_path, "is a folder; name a file"),
        (tmp_path / "none" / "x", f"no such folder {tmp_path}/none"),
        (tmp_path / ("n" * 256), r"cannot be written \(File name too long\)"),
        (tmp_path / "lost", r"cannot be written \(No such file or directory\)"),
        (tmp_path / "loop", r"cannot be written \(Too many levels of symbolic links\)"),
    ):
        with pytest.raises(UsageError, match=f"^--csv x: {reason}$"):
            check_file(path, "--csv x")
    for path, reason in (
        (tmp_path / "file", f"{tmp_path}/file is a file; name a folder"),
        (tmp_path / "file" / "x", f"{tmp_path}/file is a file; name a folder"),
        (tmp_path / ("n" * 256) / "x", r"cannot be written \(File name too long\)"),
    ):
        with pytest.raises(UsageError, match=f"^--out x: {reason}$"):
            check_folder(path, "--out x")
