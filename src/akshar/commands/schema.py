"""`akshar schema`: write a JSON Schema for each config group, by which editors complete, explain and check keys."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from akshar.config.json_schema import json_schemas
from akshar.config.project import project_conf
from akshar.errors import UsageError
from akshar.files import as_typed, printable, write_atomic


def main(arguments: Sequence[str]) -> int:
    """Run the command.

    Args:
        arguments: what follows `akshar schema`.

    Returns:
        The exit code: 0, or 1 if `--check` found a schema that is missing or out of date.
    """
    args = _parser().parse_args(arguments)
    conf = Path(args.conf) if args.conf else project_conf() or Path("conf")
    if args.conf and not conf.is_dir():
        raise UsageError(f"--conf {printable(conf)}: no such folder")
    out = Path(args.out) if args.out else Path(as_typed(conf.parent / "schema"))
    conf = Path(as_typed(conf))
    schemas, problems = json_schemas(conf if conf.is_dir() else None)
    for problem in problems:
        print(f"{printable(problem)}; its keys are not checked")
    stale = [name for name, text in schemas.items() if _text(out / name) != text]
    if args.check:
        for name in stale:
            print(f"{printable(out / name)}: out of date; `akshar schema` writes it again")
        return int(bool(stale))
    for name in stale:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        write_atomic(out / name, schemas[name].encode())
    print(f"{len(schemas)} schemas in {printable(out)}, {len(stale)} of them new or changed")
    path = Path(os.path.relpath(out / "model.json", conf / "model")).as_posix()
    print(f"A file in {printable(conf / 'model')} names its own in a comment at the top, and so in every group:")
    print(f"# yaml-language-server: $schema={printable(path)}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="akshar schema", description=__doc__)
    parser.add_argument(
        "--conf",
        metavar="FOLDER",
        help="your config files; their targets are included (default: those of the project, or conf)",
    )
    parser.add_argument("--out", metavar="FOLDER", help="where to write (default: schema, beside the config files)")
    parser.add_argument("--check", action="store_true", help="only compare; exit code 1 if a file is out of date")
    return parser


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
