"""Picks the verb. Nothing heavy is imported before it is known that something has to run."""

import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module

from akshar import __version__
from akshar.config.conf_dir import conf_dir
from akshar.errors import AksharError, Interrupted

COMMANDS = ("train", "test", "runs", "sweep", "inspect", "compare", "predict", "export", "draw", "bench")
MODULES = {verb: f"akshar.commands.{verb}" for verb in COMMANDS}

HELP = """\
Akshar (अक्षर) reads handwritten Devanagari: experiments from configs, from training to a tested model.

  akshar train experiment=quickstart   learn 46 characters in under a minute, nothing to download
  akshar train                         the real thing: DHCD's 92,000 images (downloaded once, 77 MB)
  akshar train experiment=tutorial     the tutorial's own network on DHCD's ten digits
  akshar train --help                  what can be chosen and changed, with examples

  akshar test checkpoint=RUN           a trained network on any data set: every answer, every figure
  akshar inspect RUN                   a report on a run: what it confuses, its errors, its confidence
  akshar sweep FOLDER                  the table of a sweep's runs
  akshar compare RUN RUN ...           runs on the same test images: who gets what, and is it chance
  akshar runs                          what lies in outputs/: status, age, size, accuracy
  akshar predict RUN PICTURE ...       the characters in pictures, photographs and scans
  akshar draw RUN                      draw on a page, and watch it be read
  akshar export RUN                    one file that reads without torch: ONNX; or safetensors
  akshar bench --quick                 what this machine does: input, steps, answers, time to accuracy

  akshar --version                     this version
"""

TRAIN_HELP = """\
akshar train [GROUP=CHOICE ...] [KEY=VALUE ...]

Trains a network, keeps the best epoch by validation, tests that once, and leaves all of it in a folder
under outputs/.

Start with
  akshar train experiment=quickstart              drawn glyphs, under a minute
  akshar train                                    DHCD with the network `compact`, two to three minutes
  akshar train experiment=tutorial trainer.max_epochs=2
  akshar train data=folder data.root=my/images    your own images

Choices (GROUP=CHOICE)
{groups}

Values (KEY=VALUE); each is explained in conf/
  seed=2                        weights, order, augmentation
  data.batch_size=32            training images a step
  data.subset=digits            digits, letters or all
  data.archive=dhcd.zip         DHCD's zip or folder, where you have it
  data.folds=10 data.fold=3     k-fold cross-validation in place of data.val_fraction=0.1
  optimizer.lr=0.001            learning rate
  trainer.max_epochs=20         epochs
  trainer.accelerator=cpu       auto takes a GPU where there is one
  monitor=accuracy/val          what the best epoch is chosen by; monitor=epoch keeps the last
  init_from=outputs/train/RUN   start from trained weights
  test=false                    leave the test set alone

More
  akshar train -m seed=1,2,3 optimizer.lr=0.01,0.001   a sweep: every combination
  akshar train --cfg job experiment=tutorial           show the whole config, train nothing
  akshar train resume=RUN                              go on with a run that was stopped; resume=latest
  akshar train repeat=RUN                              the same again from its record; do the figures match?
  akshar train --config-dir my/conf model=mine         your own config files beside ours
  akshar train KEY=WRONG traceback=true                the whole traceback of an error
"""


TEST_HELP = """\
akshar test checkpoint=RUN [data=CHOICE] [KEY=VALUE ...]

Reads every image of a data set once with a trained network, and leaves result.json, predictions.csv and a sheet of
images in a folder under outputs/test/. Without data=... it is the data that the network was trained on.

  akshar test checkpoint=outputs/train/RUN                        the run's own test images
  akshar test checkpoint=RUN data=dhcd data.subset=digits         asked about digits alone
  akshar test checkpoint=model.ckpt data=folder data.root=my/images part=all
  akshar test -m checkpoint=RUN_A,RUN_B                           several networks, one after the other

Values (KEY=VALUE); each is explained in conf/test.yaml and conf/data/
  part=test                     test, train or all images
  accelerator=cpu               auto takes a GPU where there is one
  precision=32-true             auto is bf16-mixed where the device computes bf16 natively
  trust=[my_package]            packages of your own that the network comes from
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command line.

    Args:
        arguments: the words after `akshar`; None for the process's own.

    Returns:
        The exit code: 0, 1 for work that failed, 2 for a bad request.
    """
    verb, *rest = [*(sys.argv[1:] if arguments is None else arguments)] or ["--help"]
    if verb in ("--help", "-h", "help"):
        print(HELP, end="")
        return 0
    if verb in ("--version", "-V"):
        print(f"akshar {__version__}")
        return 0
    if verb not in MODULES:
        near = get_close_matches(verb, MODULES, n=1)
        hint = f"did you mean {near[0]}?" if near else "`akshar --help` lists them"
        print(f"error: no such verb: {verb}; {hint}", file=sys.stderr)
        return 2
    if verb == "train" and {"--help", "-h"} & {*rest}:
        print(TRAIN_HELP.format(groups=_groups()), end="")
        return 0
    if verb == "test" and {"--help", "-h"} & {*rest}:
        print(TEST_HELP, end="")
        return 0
    return _run(verb, rest)


def _run(verb: str, arguments: Sequence[str]) -> int:
    """Runs a verb; what goes wrong becomes lines for a person and an exit code."""
    asked = os.environ.get("HYDRA_FULL_ERROR") == "1"
    words = [*arguments, "traceback=true"] if asked and verb in ("train", "test") else [*arguments]
    show_traceback = asked or "traceback=true" in [word.lower() for word in words]

    # Hydra's own way with errors prints only the first and hides its cause; here they are told below.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        code = import_module(MODULES[verb]).main(words)
        sys.stdout.flush()
        return code
    except AksharError as error:
        if show_traceback:
            raise
        for line in str(error).splitlines():
            print(f"error: {line}", file=sys.stderr)
        return error.exit_code
    except Interrupted as stop:
        return stop.exit_code
    except KeyboardInterrupt:  # before the run began
        return 130
    except BrokenPipeError:  # `akshar ... | head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:  # Hydra's own, and the unforeseen
        if show_traceback:
            raise
        reason = " ".join(str(error).split()) or "no reason given"
        print(f"error: {type(error).__name__}: {reason} (traceback=true shows where)", file=sys.stderr)
        return 1
    finally:
        if not asked:
            del os.environ["HYDRA_FULL_ERROR"]


def _groups() -> str:
    """The groups of `conf/` and their files, read from the folder itself."""
    lines = []
    for group in (
        "experiment",
        "data",
        "model",
        "augment",
        "optimizer",
        "scheduler",
        "trainer",
        "callbacks",
        "logger",
        "sweep",
        "debug",
    ):
        names = sorted(path.stem for path in (conf_dir() / group).glob("*.yaml") if path.stem != "base")
        lines.append(f"  {group:<12}{', '.join(names)}")
    return "\n".join(lines)
