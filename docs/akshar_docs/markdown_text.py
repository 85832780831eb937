"""Text for Markdown: sentences of comments and docstrings, and values as code."""

import json
import re

SPECIAL = re.compile(r"([\\*_\[\]<>{}|$~])")
ROLE = re.compile(r":[\w:]+:`~?\.?([^`<]+?)(?: <[^`]*>)?`")  # of reStructuredText, as in torch's docstrings
OPTION = re.compile(r"(?<![\w`-])(--[a-z][\w-]*)")
URL = r"https://[^\s,;)]*\w"
PAGE = re.compile(r"docs/([\w-]+)\.md")


def sentence(text: str) -> str:
    """Return plain text as Markdown: code in backticks stays, a page of `docs/` becomes a link.

    >>> sentence("See docs/loggers.md, or `a_b` and :class:`~torch.Tensor` in *args")
    'See [docs/loggers.md](../loggers.md), or `a_b` and `torch.Tensor` in \\\\*args'
    >>> sentence("`akshar --help`, --watch (https://hydra.cc/docs)")
    '`akshar --help`, `--watch` (<https://hydra.cc/docs>)'
    """
    text = ROLE.sub(r"`\1`", text).replace("``", "`")
    if text.count("`") % 2:
        text = text.replace("`", "'")
    plain = [_plain(part) for part in re.split(rf"(`[^`]+`|{URL})", text)]
    return PAGE.sub(r"[docs/\1.md](../\1.md)", "".join(plain))


def _plain(part: str) -> str:
    if part.startswith("`"):
        return part
    if part.startswith("https://"):
        return f"<{part}>"
    return OPTION.sub(r"`\1`", SPECIAL.sub(r"\\\1", part))


def code(value: object) -> str:
    """Return a value as code, as it is written in YAML.

    >>> code(None), code([0.9, 1.1]), code("loss/val"), code({"_target_": "a.b.Part", "side": 3})
    ('`null`', '`[0.9, 1.1]`', '`loss/val`', '`Part(side=3)`')
    """
    return f"`{_written(value)}`"


def _written(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and "_target_" in value:
        name = str(value["_target_"]).rpartition(".")[2]
        return f"{name}({', '.join(f'{key}={_written(one)}' for key, one in value.items() if key != '_target_')})"
    return json.dumps(value, ensure_ascii=False, default=str)
