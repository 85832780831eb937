"""`akshar completion bash`: complete commands, groups, their choices, and keys, with the tab key.

eval "$(akshar completion bash)"        in ~/.bashrc
eval "$(akshar completion zsh)"         in ~/.zshrc, after compinit
"""

import argparse
import re
import shlex
from collections.abc import Sequence

from hydra._internal.core_plugins.bash_completion import BashCompletion
from hydra.core.global_hydra import GlobalHydra

from akshar.commands import COMMANDS
from akshar.commands.arguments import split_trust
from akshar.config.command_line import WITH_VALUE, split_words
from akshar.config.compose import composing
from akshar.config.groups import COMBINATIONS, PARTS, is_base
from akshar.config.overrides import PATH_KEYS
from akshar.training.launch import is_recorded

# Bash takes what follows the last = or : for the word to complete.
BASH = """\
_akshar() {
    local IFS=$'\\n' line=${COMP_LINE:0:COMP_POINT}
    local word=${line##* }
    local before=${word%"${word##*[=:]}"}
    COMPREPLY=($("$1" completion --line "$line" 2>/dev/null))
    COMPREPLY=("${COMPREPLY[@]#"$before"}")
    [[ ${COMPREPLY[0]} == *[=./] ]] && compopt -o nospace
}
complete -o default -F _akshar akshar
"""
ZSH = """\
_akshar() {
    local -a found
    found=(${(f)"$("$words[1]" completion --line "${(j: :)words[1,CURRENT]}" 2>/dev/null)"})
    (( $#found )) || { compset -P '*='; _files; return }
    compadd -Q -- ${found:#*[=./]}
    compadd -Q -S '' -- ${(M)found:#*[=./]}
}
compdef _akshar akshar
"""
SCRIPTS = {"bash": BASH, "zsh": ZSH}
RECORDED = {"train": ("resume=", "repeat="), "test": ()}  # keys that no config has
OPTIONS = {
    "train": ("--multirun", "--dry-run", "--cfg", "--config-dir", "--help", "--trust"),
    "test": ("--multirun", "--cfg", "--help", "--trust"),
}
SAFE = re.compile(r"[\w@%+=:,./~-]+")  # needs no quotes; a shell runs what it reads in a name such as "a;b"
TAKE_A_PATH = (*PATH_KEYS, "resume", "repeat", "sweep.resume")


def main(arguments: Sequence[str]) -> int:
    """Run the command.

    Args:
        arguments: what follows `akshar completion`.

    Returns:
        0.
    """
    parser = argparse.ArgumentParser(
        prog="akshar completion", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("shell", nargs="?", choices=SCRIPTS, help="print what this shell is to evaluate")
    what.add_argument("--line", help=argparse.SUPPRESS)  # what is typed so far, as the shell's function passes it
    args = parser.parse_args(arguments)
    print(SCRIPTS[args.shell] if args.shell else "\n".join(candidates(args.line)))
    return 0


def candidates(line: str) -> list[str]:
    """List what the last word of a command line can become; nothing where the shell is to complete file names."""
    before, _, word = line.rpartition(" ")
    try:
        _, *words = shlex.split(before) or [""]
    except ValueError:  # within quotes
        return []
    if not words:
        return [name for name in COMMANDS if name.startswith(word)]
    command, *words = words
    takes_value = bool(words) and words[-1] in (*WITH_VALUE, "--trust")
    if command not in OPTIONS or takes_value or word.partition("=")[0] in TAKE_A_PATH:
        return []
    if word.startswith("-"):
        return [option for option in OPTIONS[command] if option.startswith(word)]
    _, words = split_trust([other for other in words if other != "--dry-run" and not is_recorded([other])])
    _, overrides = split_words(words)
    overrides = [override for override in overrides if " " not in override]  # at which Hydra splits a line
    with composing(command):
        hydra = BashCompletion(GlobalHydra.instance().config_loader())
        found = hydra._query(config_name=command, line=" ".join([*overrides, word]))
    found += [key for key in RECORDED[command] if key.startswith(word)]
    if command == "test":  # Hydra lists every group of conf/
        found = [name for name in found if re.split("[.=/]", name)[0] not in {*PARTS, *COMBINATIONS} - {"data"}]
    return sorted(name for name in found if SAFE.fullmatch(name) and not is_base(name.partition("=")[2]))
