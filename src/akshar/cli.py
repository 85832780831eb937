"""The `akshar` command: selects the command and imports only its module, so that `--help` is quick."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from akshar import __version__
from akshar.commands.help import HELP, TEST_HELP, train_help
from akshar.config.keys import did_you_mean
from akshar.errors import AksharError, Interrupted
from akshar.files import printable

COMMANDS = ("train", "test", "runs", "sweep", "inspect", "compare", "predict", "export", "draw", "bench")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line.

    Args:
        arguments: words after `akshar`; None: of this process.

    Returns:
        Exit code: 0; 1 for a failure; 2 for a usage error; 130 after Ctrl-C, 143 after another signal;
        141 if the reader of stdout is gone.
    """
    command, *rest = [*(sys.argv[1:] if arguments is None else arguments)] or ["--help"]
    if command in ("--help", "-h", "help"):
        print(HELP, end="")
        return 0
    if command in ("--version", "-V"):
        print(f"akshar {__version__}")
        return 0
    if command not in COMMANDS:
        hint = did_you_mean(command, COMMANDS) or "; `akshar --help` lists them"
        print(f"error: no such command: {command}{hint}", file=sys.stderr)
        return 2
    if command == "train" and {"--help", "-h"} & {*rest}:
        print(train_help(), end="")
        return 0
    if command == "test" and {"--help", "-h"} & {*rest}:
        print(TEST_HELP, end="")
        return 0
    return _run(command, rest)


def _run(command: str, arguments: Sequence[str]) -> int:
    """Run a command and turn errors into lines on stderr and an exit code."""
    full_error = os.environ.get("HYDRA_FULL_ERROR") == "1"
    words = [*arguments, "traceback=true"] if full_error and command in ("train", "test") else [*arguments]
    show_traceback = full_error or "traceback=true" in [word.lower() for word in words]

    # Without this, Hydra prints only the first error, without its cause, and exits.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        code = import_module(f"akshar.commands.{command}").main(words)
        sys.stdout.flush()
        return code
    except AksharError as error:
        if show_traceback:
            raise
        for line in str(error).splitlines():
            print(f"error: {printable(line)}", file=sys.stderr)
        return error.exit_code
    except Interrupted as stop:
        return stop.exit_code
    except KeyboardInterrupt:  # before the run started
        return 130
    except BrokenPipeError:  # `akshar ... | head` closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:  # errors of Hydra, and unexpected ones
        if show_traceback:
            raise
        reason = " ".join(str(error).split()) or "no message"
        print(f"error: {type(error).__name__}: {reason} (traceback=true shows where)", file=sys.stderr)
        return 1
    finally:
        if not full_error:
            del os.environ["HYDRA_FULL_ERROR"]
