"""The `akshar` command: selects the command and imports only its module, so that `--help` is quick."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from akshar import __version__
from akshar.cluster_launch import check_command
from akshar.commands import COMMANDS
from akshar.commands.help import HELP, TEST_HELP, train_help
from akshar.config.keys import did_you_mean
from akshar.credentials import mask, mask_and_remember
from akshar.errors import AksharError, Interrupted
from akshar.files import failure_reason, is_full, printable
from akshar.streams import OutputError, close_streams, open_streams, print_error


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line.

    Args:
        arguments: words after `akshar`; None: of this process.

    Returns:
        Exit code: 0; 1 for a failure; 2 for a usage error; 130 after Ctrl-C, 143 after another signal;
        141 if the reader of stdout is gone.
    """
    open_streams()
    try:
        try:
            code = _answer([*(sys.argv[1:] if arguments is None else arguments)])
        except SystemExit as stop:  # argparse's, after a help text or a usage error
            code = stop.code if isinstance(stop.code, int) else 1
        sys.stdout.flush()
    except OutputError as error:
        code = error.exit_code
        if code == 1:  # not where `akshar ... | head` has read enough
            print_error(str(error))
    close_streams()
    return code


def _answer(words: Sequence[str]) -> int:
    """Print a help text, or run a command; return the exit code."""
    command, *rest = words or ["--help"]
    if command in ("--help", "-h", "help"):
        print(HELP, end="")
        return 0
    if command in ("--version", "-V"):
        print(f"akshar {__version__}")
        return 0
    if command not in COMMANDS:
        hint = did_you_mean(command, COMMANDS) or "; `akshar --help` lists them"
        print_error(f"no such command: {command}{hint}")
        return 2
    if command == "train" and {"--help", "-h"} & {*rest}:
        print(train_help(), end="")
        return 0
    if command == "test" and {"--help", "-h"} & {*rest}:
        print(TEST_HELP, end="")
        return 0
    return _run(command, mask_and_remember(rest))


def _run(command: str, arguments: Sequence[str]) -> int:
    """Run a command and turn errors into lines on stderr and an exit code."""
    full_error = os.environ.get("HYDRA_FULL_ERROR") == "1"
    words = [*arguments, "traceback=true"] if full_error and command in ("train", "test") else [*arguments]
    show_traceback = full_error or "traceback=true" in [word.lower() for word in words]

    # Without this, Hydra prints only the first error, without its cause, and exits.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        check_command(command, words)
        return import_module(f"akshar.commands.{command}").main(words)
    except AksharError as error:
        if show_traceback:
            raise
        for line in str(error).splitlines():
            print_error(printable(mask(line)))
        return error.exit_code
    except Interrupted as stop:
        return stop.exit_code
    except KeyboardInterrupt:  # before the run started
        return 130
    except Exception as error:  # errors of Hydra, and unexpected ones
        if show_traceback:
            raise
        print_error(printable(mask(_line(error))))
        return 1
    finally:
        if not full_error:
            del os.environ["HYDRA_FULL_ERROR"]


def _line(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{printable(error.filename)}: {failure_reason(error)}"
    if is_full(error):
        return "the disk is full; files that were complete are kept"
    return f"{type(error).__name__}: {' '.join(str(error).split()) or 'no message'} (traceback=true shows where)"
