"""Help texts of `akshar`, `akshar train` and `akshar test`; the other commands use argparse's."""

from contextlib import suppress

from akshar.config.conf_dir import conf_dir
from akshar.config.groups import COMBINATIONS, PARTS, is_base
from akshar.config.project import project_conf
from akshar.errors import UsageError

HELP = """\
Akshar (अक्षर): a config-driven experiment framework; its first project reads handwritten Devanagari.

  akshar train experiment=quickstart   learn 46 characters in under a minute, without a download
  akshar train                         train on DHCD, 92,000 images (downloaded once, 77 MB)
  akshar train experiment=tutorial     the tutorial's network on DHCD's ten digits
  akshar train --help                  all choices and values, with examples

  akshar test checkpoint=RUN           evaluate a trained network on any data set
  akshar inspect RUN                   report on a run: confusions, errors, confidence
  akshar compare RUN RUN ...           compare runs on the same test images, with a paired test
  akshar sweep FOLDER                  table of a sweep's runs
  akshar runs                          list the runs in outputs/: status, age, size, accuracy
  akshar predict RUN PICTURE ...       read the characters in pictures, photographs and scans
  akshar draw RUN                      draw characters in the browser and see them read
  akshar export RUN                    write an ONNX file, which runs without torch, or safetensors
  akshar schema                        write JSON Schemas of the config files, for editors
  akshar new my-project                make a project with a data set, a network and a metric of its own
  akshar bench --quick                 measure this machine: input, steps, predictions, time to accuracy

  akshar completion bash               complete commands, choices and keys with the tab key; also zsh
  akshar --version                     print the version
"""

TRAIN_HELP = """\
akshar train [GROUP=CHOICE ...] [KEY=VALUE ...]

Trains a network, selects the best epoch by validation, tests it once, and writes everything to a folder under
outputs/.

Start with
  akshar train experiment=quickstart              drawn glyphs, under a minute
  akshar train                                    DHCD with the network `compact`, two to three minutes
  akshar train experiment=tutorial trainer.max_epochs=2
  akshar train data=folder data.root=my/images data.size=64    your own images

Choices (GROUP=CHOICE)
{groups}

Values (KEY=VALUE); conf/ explains every key
  seed=2                        weights, batch order, augmentation
  data.batch_size=32            training images per step
  data.subset=digits            digits, letters or all
  data.archive=dhcd.zip         a copy of DHCD on this machine: zip or folder
  data.folds=10 data.fold=3     k-fold cross-validation instead of data.val_fraction=0.1
  optimizer.lr=0.001            learning rate
  trainer.max_epochs=20         number of epochs
  trainer.accelerator=cpu       cpu, gpu or auto, which uses a GPU if there is one
  monitor=accuracy/val          metric that selects the best epoch; monitor=epoch selects the last
  init_from=outputs/train/RUN   start from trained weights
  test=false                    skip the test

More
  akshar train -m seed=1,2,3 optimizer.lr=0.01,0.001   a sweep: every combination
  akshar train --dry-run experiment=tutorial           check it, and say how long and how much it will take
  akshar train --cfg job experiment=tutorial           print the whole config without training
  akshar train resume=RUN [--trust my_package]         continue an interrupted run; resume=latest
  akshar train resume=RUN resume_from=best             ... from its best epoch, if last.ckpt is damaged
  akshar train repeat=RUN                              repeat a completed run and compare every metric
  akshar train --config-dir my/conf model=mine         your own config files in addition to conf/
  akshar train KEY=WRONG traceback=true                the full traceback of an error
"""

TEST_HELP = """\
akshar test checkpoint=RUN [data=CHOICE] [KEY=VALUE ...]

Evaluates a trained network on every image of a data set, and writes result.json, predictions.csv and a sheet of
images to a folder under outputs/test/. Without data=... the data set is the one that the network was trained on.

  akshar test checkpoint=outputs/train/RUN                        the run's own test images
  akshar test checkpoint=RUN data=dhcd data.subset=digits         digits only
  akshar test checkpoint=model.ckpt data=folder data.root=my/images part=all
  akshar test -m checkpoint=RUN_A,RUN_B                           several networks, one after the other
  akshar test checkpoint=RUN --trust my_package                   a network of your own

Values (KEY=VALUE); conf/test.yaml and conf/data/ explain every key
  part=test                     test, train or all images
  accelerator=cpu               cpu, gpu or auto, which uses a GPU if there is one
  precision=32-true             auto is bf16-mixed if the device computes bf16 natively
"""


def train_help() -> str:
    """Return the help of `akshar train`, with the groups of all configs and their choices, one line per group."""
    folders, lines = [conf_dir()], []
    with suppress(UsageError):  # training says what is wrong
        folders += [project] if (project := project_conf()) else []
    experiment, *others = COMBINATIONS
    for group in (experiment, *PARTS, *others):
        files = [path for folder in folders for path in (folder / group).glob("*.yaml")]
        names = sorted(path.stem for path in files if not is_base(path.stem))
        lines.append(f"  {group:<12}{', '.join(names)}")
    return TRAIN_HELP.format(groups="\n".join(lines))
