"""Optional packages: checked before a command starts its work."""

from importlib.util import find_spec

from akshar.errors import UsageError


def require_packages(feature: str, *packages: str, extra: str) -> None:
    """Check that the packages of an extra are installed.

    Args:
        feature: what needs them, for the message.
        *packages: names to import.
        extra: optional dependency group of akshar that installs them.

    Raises:
        UsageError: a package is missing; the message says how to install it.
    """
    if missing := [package for package in packages if find_spec(package) is None]:
        names = ", ".join(missing)
        raise UsageError(f"{feature}: needs {names}; get it with  pip install 'akshar[{extra}]'")
