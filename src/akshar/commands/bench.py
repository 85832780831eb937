"""`akshar bench`: how fast this machine computes, and how soon a network learns on it."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from akshar.config.run_name import new_run_name
from akshar.errors import UsageError
from akshar.files import printable, write_json
from akshar.tables import Column, print_table
from akshar.writable import check_folder

if TYPE_CHECKING:
    from akshar.benchmarks.machine import Section


def main(arguments: Sequence[str]) -> int:
    """Run the command.

    Args:
        arguments: what follows `akshar bench`.

    Returns:
        0.
    """
    parser = argparse.ArgumentParser(prog="akshar bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under a minute, without DHCD and torch.compile")
    parser.add_argument("--output", metavar="FOLDER", help="folder of bench.json and bench.png (outputs/bench/...)")
    args = parser.parse_args(arguments)
    folder = Path(args.output).expanduser() if args.output else Path("outputs/bench") / new_run_name()
    if (folder / "bench.json").exists():
        raise UsageError(f"--output {folder}: already holds a bench.json; name another folder")
    check_folder(folder, f"--output {printable(folder)}")

    from akshar.benchmarks.machine import measure_machine  # torch
    from akshar.memory import keep_freed_memory
    from akshar.plots.bench import draw_bench
    from akshar.runs import provenance
    from akshar.training.job import quiet_libraries

    keep_freed_memory()
    quiet_libraries()
    here = provenance.environment()
    machine = f"{here.host.gpus[0] if here.host.gpus else here.host.cpu}, {here.host.threads} threads"
    title = f"{machine}, Python {here.versions['python']}, torch {here.versions['torch']}"
    print(title)
    sections = []
    with tqdm(total=None, file=sys.stderr, bar_format="{elapsed} {desc}", disable=None, leave=False) as progress:
        for section in measure_machine(args.quick, progress.set_description_str):
            sections.append(section)
            progress.clear()
            _print(section)
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        section.title: {
            "figures": {name: figure.as_json() for name, figure in section.figures.items()},
            "notes": section.notes,
        }
        for section in sections
    }
    write_json(
        folder / "bench.json",
        {"quick": args.quick, "sections": content, "provenance": here.model_dump(mode="json")},
    )
    draw_bench(sections, title, folder / "bench.png")
    print(f"bench.json and bench.png in {folder}")
    return 0


def _print(section: "Section") -> None:
    """Print a section as a table with its notes below."""
    from akshar.plots.bench import readable

    columns = [
        Column(""),
        *(Column(title, right=True) for title in ("median", "smallest", "largest")),
        Column("unit"),
    ]
    rows = [
        (name, *(readable(value) for value in (figure.median, *figure.spread)), figure.unit, str(figure.rounds))
        for name, figure in section.figures.items()
    ]
    print()
    print_table([*columns, Column("rounds", right=True)], rows, section.title)
    for note in section.notes:
        print(f"  {note}")
