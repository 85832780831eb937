"""Compare the sdist and the wheel in a folder with what git tracks, and print their sizes.

python3 .ci/check_distributions.py dist
"""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IN_WHEEL = {"src/": "", "conf/": "akshar/conf/", "schema/": "akshar/schema/", "weights/": "akshar/weights/"}
NOT_IN_WHEEL = {"akshar/conf.py"}  # which stands for conf/ in a checkout
LIMIT = 5_000_000  # bytes of either; more is a picture or a network that nobody needs to install


def tracked_files() -> set[str]:
    """List the files that git tracks."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return {*listed.stdout.split("\0")} - {""}


def wheel_files(tracked: set[str]) -> set[str]:
    """Translate tracked paths to their places in the wheel; the others, such as tests/ and docs/, are not in it."""
    found = {
        target + path.removeprefix(folder)
        for path in tracked
        for folder, target in IN_WHEEL.items()
        if path.startswith(folder)
    }
    return found - NOT_IN_WHEEL


def check(archive: Path, names: set[str], expected: set[str]) -> list[str]:
    """Print an archive's size; list what is missing, what does not belong, and whether it is too large."""
    size = archive.stat().st_size
    print(f"{archive.name}: {len(names)} files, {size / 1e6:.1f} MB")
    problems = [f"{archive.name}: {name}: is missing" for name in sorted(expected - names)]
    problems += [f"{archive.name}: {name}: does not belong in it" for name in sorted(names - expected)]
    if size > LIMIT:
        problems.append(f"{archive.name}: {size / 1e6:.1f} MB: must be at most {LIMIT / 1e6:.0f} MB")
    return problems


def main(folder: Path) -> int:
    """Check the two archives; return the exit code."""
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    tracked = tracked_files()
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    problems = check(sdist, names, tracked | {"PKG-INFO"})
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    problems += check(wheel, names, wheel_files(tracked))
    print(*problems, sep="\n", end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
