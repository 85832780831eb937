"""Packages that only some verbs need: asked for before work begins."""

from importlib.util import find_spec

from akshar.errors import UsageError


def require_packages(what: str, *packages: str, extra: str) -> None:
    """Sees that packages of an extra are installed.

    Args:
        what: needs them, as a person calls it.
        packages: names to import.
        extra: of this project, which brings them.

    Raises:
        UsageError: one is missing; the message says how to get it.
    """
    if missing := [package for package in packages if find_spec(package) is None]:
        raise UsageError(f"{what}: needs {', '.join(missing)}; get it with  pip install 'akshar[{extra}]'")
