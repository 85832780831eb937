"""What a target's docstring says about each argument, in Google's style, which torch and Lightning use too."""

import inspect
import re

SECTION = re.compile(r"^(?:Args|Arguments|Attributes|Parameters):\n((?:(?: .*)?\n)*)", re.MULTILINE)
ENTRY = re.compile(r"^( +)`?(\w+(?:, \w+)*)`?(?: \(.*?\))? ?: *(\S.*\n(?:\1 +\S.*\n)*)", re.MULTILINE)


def argument_texts(target: object) -> dict[str, str]:
    """Return the first paragraph about each argument.

    Args:
        target: function, or class, whose constructor may have a docstring of its own.

    >>> argument_texts(argument_texts)
    {'target': 'function, or class, whose constructor may have a docstring of its own.'}
    """
    found: dict[str, str] = {}
    for documented in (getattr(target, "__init__", None), target) if inspect.isclass(target) else (target,):
        for section in SECTION.findall(f"{inspect.getdoc(documented) or ''}\n"):
            for _, names, text in ENTRY.findall(section):
                for name in names.split(", "):
                    found.setdefault(name, " ".join(text.split()))
    return found
