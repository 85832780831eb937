"""The groups of a training's config; each is a folder of `conf/`."""

# Groups whose value is one part, or no part
SINGLE = ("data", "model", "loss", "augment", "optimizer", "scheduler", "trainer")
# Groups of several parts, each under a name of the user's choice
NAMED = ("callbacks", "metrics", "logger")
PARTS = (*SINGLE, *NAMED)
# Groups that only combine the others
COMBINATIONS = ("experiment", "sweep", "debug")


def is_base(choice: str) -> bool:
    """Whether a file of a group is no choice, but what its choices share, as `base` and `base_pictures`."""
    return choice == "base" or choice.startswith("base_")
