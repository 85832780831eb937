"""Credentials in addresses: this process and its children can use them; whatever is written shows `***` instead.

A command line or a config may hold `https://user:password@host/file` or `...?token=secret`. Such an address is
masked before anything else sees it, and restored where a part of the config is built from it.
"""

import json
import os
import re
from typing import Any

MASK = "***"
STORE = "AKSHAR_CREDENTIALS"  # environment variable, JSON: masked address -> address; worker processes inherit it

SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*://"
# Up to a space, a quote, or the comma before another address; brackets at its end belong to a list around it
ADDRESS = re.compile(rf"{SCHEME}(?:(?!,{SCHEME})[^\s'\"])*[^\s'\",\])}}]")
USER = re.compile(rf"({SCHEME})[^\s/?#'\"]*@")
QUERY = re.compile(
    r"([?&][\w.-]*(?:token|secret|passw|signature|\bsig\b|credential|api_?key|pwd|\bauth\b|\bkey\b)[\w.-]*=)[^\s&#'\",\])}]+",
    re.IGNORECASE,
)


def mask(text: str) -> str:
    """Replace the credentials of every address in a text.

    >>> mask("from https://me:secret@host/x.zip?token=abc&part=1")
    'from https://***@host/x.zip?token=***&part=1'
    """
    return QUERY.sub(rf"\1{MASK}", USER.sub(rf"\1{MASK}@", text))


def mask_and_remember(node: Any) -> Any:
    """Mask every text in plain values, nested to any depth, and remember its addresses for `restore`."""
    if isinstance(node, str):
        known = _known()
        found = {mask(address): address for address in ADDRESS.findall(node) if mask(address) != address}
        if found.items() - known.items():
            os.environ[STORE] = json.dumps(known | found)
        return mask(node)
    return _map(mask_and_remember, node)


def restore(node: Any) -> Any:
    """Put the addresses that `mask_and_remember` masked into plain values; others stay masked."""
    if isinstance(node, str):
        known = _known()
        return ADDRESS.sub(lambda found: known.get(found[0], found[0]), node) if known else node
    return _map(restore, node)


def is_masked(value: object) -> bool:
    """Whether a value holds an address whose credentials are masked."""
    return any(MASK in address for address in ADDRESS.findall(str(value)))


def _map(function: Any, node: Any) -> Any:
    if isinstance(node, dict):
        return {key: function(value) for key, value in node.items()}
    return [function(value) for value in node] if isinstance(node, list) else node


def _known() -> dict[str, str]:
    return json.loads(os.environ.get(STORE, "{}"))
