"""The command itself: quick answers, and every shipped config."""

import subprocess
import sys

import pytest
from conftest import TINY

from akshar import __version__
from akshar.cli import main
from akshar.commands import COMMANDS
from akshar.commands.help import HELP, TRAIN_HELP
from akshar.config.compose import compose, composing
from akshar.config.conf_dir import conf_dir
from akshar.config.overrides import quote_paths
from akshar.config.schema import TrainConfig

GROUPS = {
    path.name: sorted(file.stem for file in path.glob("*.yaml") if not file.stem.startswith("base"))
    for path in conf_dir().iterdir()
    if path.is_dir() and path.name != "hydra"
}

# Values without a default
ROOT = ["data.root=x"]
NEEDED = {("data", name): ROOT for name in ("folder", "characters")}
NEEDED |= {("data", "csv"): ["data.file=x"], ("data", "torchvision"): [*ROOT, "data.dataset=MNIST"]}
NEEDED |= {("experiment", name): ROOT for name in ("fashion_mnist", "fashion_mnist_best")}


def composed(*words):
    with composing("train"):
        return compose("train", words, TrainConfig, multirun=True).config


def akshar(*words):
    return subprocess.run([sys.executable, "-m", "akshar", *words], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("words", [[], ["--help"], ["--version"], ["train", "--help"]])
def test_quick_answers_load_little(words):
    code = (
        f"import sys; before = {{*sys.modules}}; sys.argv = ['akshar', *{words!r}]; from akshar.cli import main; "
    )
    code += "main(); print(*sys.modules.keys() - before, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = {*done.stderr.split()}
    assert done.stdout
    assert not {"torch", "hydra", "numpy", "pytorch_lightning"} & loaded
    assert len(loaded) <= 220, sorted(loaded)  # most of them omegaconf's, for the resolvers


def test_help_and_version_say_what_to_type():
    assert akshar("--version").stdout == f"akshar {__version__}\n"
    assert "akshar train experiment=quickstart" in akshar("--help").stdout
    text = akshar("train", "--help").stdout
    for group, names in GROUPS.items():
        assert group in text
        for name in names:
            assert name in text


def test_help_names_every_command():
    named = {line.split()[1] for line in HELP.splitlines() if line.startswith("  akshar ")}
    assert {name for name in named if not name.startswith("-")} == {*COMMANDS}


def test_the_values_that_help_names_exist():
    words = [line.split()[0] for line in TRAIN_HELP.partition("Values")[2].splitlines() if line.startswith("  ")]
    keys = [word.partition("=")[0] for word in words if "=" in word and not word.startswith("akshar")]
    assert len(keys) >= 9
    config = composed().model_dump(by_alias=True)
    for key in keys:
        node = config
        for part in key.split("."):
            assert part in node
            node = node[part]


@pytest.mark.parametrize(("group", "name"), [(group, name) for group, names in GROUPS.items() for name in names])
def test_every_shipped_config_composes_and_passes_the_checks(group, name):
    extra = [*NEEDED.get((group, name), ())]
    own = "pytorch_lightning.demos.boring_classes.Boring"
    extra += [f"data._target_={own}DataModule"] if (group, name) == ("data", "lightning") else []
    extra += [f"model._target_={own}Model"] if (group, name) == ("model", "lightning") else []
    assert composed(f"{group}={name}", *extra)


def test_bare_train_is_the_experiment_compact():
    bare, named = composed().to_record(), composed("experiment=compact").to_record()
    assert bare | {"name": "compact"} == named


def test_the_tutorial_s_experiment_is_the_tutorial_s():
    config = composed("experiment=tutorial").to_record()
    assert config["data"]["subset"] == "digits"
    assert (config["data"]["batch_size"], config["data"]["val_fraction"]) == (32, 0.1)
    assert config["trainer"]["max_epochs"] == 100
    assert config["model"] == {
        "_target_": "akshar.models.tutorial.Tutorial",
        "in_channels": 3,
        "dropout": 0.25,
    }
    assert config["optimizer"]["_target_"] == "torch.optim.SGD"
    assert (
        config["optimizer"]["lr"],
        config["optimizer"]["momentum"],
        config["optimizer"]["weight_decay"],
    ) == (0.001, 0.9, 0)
    assert config["augment"] == {
        "_target_": "akshar.data.augment.Augment", "rotation": 45, "translation": 0.1, "scale": [0.8, 1.2],
    }  # fmt: skip
    assert config["monitor"] == "loss/val"


@pytest.mark.slow
@pytest.mark.parametrize("augment", ["none", "strong"])
def test_the_tutorial_s_network_trains_with_other_augmentation(train, augment):
    words = [word for word in TINY if not word.startswith("model.")]
    groups = ("debug=smoke", "model=tutorial", f"augment={augment}", "optimizer=sgd")
    result, _ = train(*words, *groups, "optimizer.lr=0.001")
    assert result["fit"]["steps"] == 8  # TINY's two epochs of four batches


@pytest.mark.parametrize("name", ["quickstart", "record", "fast", "fast98", "tiny", "digits"])
def test_experiments_run(train, name):
    few = ["data=glyphs", "data.train_per_class=20", "data.test_per_class=5", "data.val_fraction=0.1"]
    result, _ = train(f"experiment={name}", *few, "debug=smoke")
    assert result["name"] == name


def test_the_whole_config_can_be_shown(workplace, capfd):
    assert main(["train", "--cfg", "job", "experiment=tutorial"]) == 0
    assert "_target_: akshar.models.tutorial.Tutorial" in capfd.readouterr().out
    assert not (workplace / "outputs").exists()


@pytest.mark.parametrize(
    ("words", "wrong", "is_shown"),
    [
        (["seed=-1"], ["error: seed=-1: must be greater than or equal to 0"], True),
        (["data=folder"], ["error: data.root: must be given, as data.root=VALUE"], True),
        (["modle=2", "seed=-1"], ["error: modle: no such key; did you mean model?"], False),
        (["optimizer=sgd", "trainer.profiler=simple"], [], True),  # a key that only the target knows
    ],
)
def test_a_config_that_is_shown_is_checked(workplace, capfd, words, wrong, is_shown):
    assert main(["train", "--cfg", "job", *words]) == (2 if wrong else 0)
    shown = capfd.readouterr()
    assert shown.err.splitlines()[: len(wrong)] == wrong
    assert bool(wrong) == bool(shown.err)
    assert ("chance_warning_epochs: 3" in shown.out) == is_shown


@pytest.mark.parametrize("path", ["/x/चित्र", "a b/(1)[2]", "it's", "x=1,2", "~/set", "plain/path.zip"])
def test_paths_of_any_name_reach_the_config(path):
    config = composed(*quote_paths(["data=folder", f"data.root={path}"]))
    assert config.data.arguments["root"] == path
