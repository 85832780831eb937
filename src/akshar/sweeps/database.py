"""The database of a study: its URL, whose password is never written, and operations that outlast its restart."""

import logging
import os
import re
import shlex
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from akshar.credentials import mask, restore
from akshar.errors import AksharError, UsageError, first_line
from akshar.extras import require_packages
from akshar.runs.run_dir import RunDir

if TYPE_CHECKING:
    from sqlalchemy import URL

log = logging.getLogger(__name__)

T = TypeVar("T")
KEY = "hydra.sweeper.search.storage"
VARIABLE = "AKSHAR_STORAGE"  # environment: URL of the only database that a process connects to, with its password
PATIENCE = 300.0  # seconds for which a lost connection is tried again
NO_PASSWORD = (
    f"put it into ~/.pgpass or the environment variable PGPASSWORD, or the whole URL into the environment variable "
    f"{VARIABLE} and give '{KEY}=${{oc.env:{VARIABLE}}}'"
)
START_PATIENCE = 20.0  # the same for a search that starts, whose URL may be wrong
# Notice a dead server or network within a minute; a connection without traffic is not dropped on its way.
KEEPALIVE = {
    "connect_timeout": 10,
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 50_000,
}


class ConnectionLost(AksharError):
    """The database could not be reached for longer than `PATIENCE`."""


def given_url(search: DictConfig) -> str | None:
    """Read the URL from the node `search` of the sweeper's config; None for the journal.

    Raises:
        UsageError: not a URL of a database, a missing package, or a password that is spelled out.
    """
    text = OmegaConf.to_container(search, resolve=False)["storage"]  # type: ignore[reportArgumentType, reportCallIssue, reportIndexIssue]
    if text is None:
        return None
    try:
        # As given: `mask_and_remember` hid what may be a password, or a reference to one.
        url = search.storage if restore(text) == text else OmegaConf.create({"url": restore(text)}).url
    except OmegaConfBaseException as error:
        raise UsageError(f"{KEY}: {first_line(error)}") from error
    if re.search(r"\$\{oc\.env:[^}]*,", str(text)):
        raise UsageError(f"{KEY}: a reference to the environment must have no default; {NO_PASSWORD}")
    shown = parse_url(str(url))
    if _secrets(_parse(re.sub(r"\$\{[^}]*\}", "", restore(str(text))), require=False)):
        raise UsageError(
            f"{KEY}={shown}: its password would be seen in files and lists of processes; {NO_PASSWORD}"
        )
    return str(url)


def parse_url(url: str) -> str:
    """Check a URL, and return it without its password, as it may be written.

    Raises:
        UsageError: see `given_url`.
    """
    parsed = _parse(url)
    assert parsed is not None
    if parsed.get_backend_name() == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise UsageError(f"{KEY}={_masked(url)}: must name a file, as sqlite:////folder/study.db")
        parsed = parsed.set(database=os.path.abspath(str(parsed.database)))
    return parsed._replace(password=None).difference_update_query(_secret_queries(parsed)).render_as_string(False)


def _parse(url: str, require: bool = True) -> "URL | None":
    require_packages(KEY, "sqlalchemy", "alembic", extra="postgresql")
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
        if require:
            parsed.get_dialect().import_dbapi()
    except (ArgumentError, ValueError) as error:
        if not require:
            return None  # its values are references to the environment
        raise UsageError(
            f"{KEY}={_masked(url)}: not the URL of a database, as postgresql+psycopg://HOST/DATABASE"
        ) from error
    except ImportError as error:
        if "psycopg" in url.partition(":")[0]:
            require_packages(KEY, "psycopg", extra="postgresql")
        raise UsageError(f"{KEY}={_masked(url)}: needs the package of its driver ({error})") from error
    return parsed


def _masked(url: str) -> str:
    """A URL for a message, also one whose password holds a slash."""
    return re.sub(r"://.*@", "://***@", mask(url))


def _secrets(parsed: "URL | None") -> bool:
    return parsed is not None and bool(parsed.password or _secret_queries(parsed))


def _secret_queries(parsed: "URL") -> list[str]:
    return [key for key in parsed.query if mask(f"?{key}=x") != f"?{key}=x"]


def engine_options(url: str) -> dict[str, Any]:
    """Arguments for `create_engine`: stale connections are replaced, dead ones noticed."""
    driver = url.partition(":")[0]
    is_psycopg = driver in ("postgresql", "postgresql+psycopg", "postgresql+psycopg2")
    return {"pool_pre_ping": True, "connect_args": KEEPALIVE if is_psycopg else {}}


def patiently(operation: Callable[[], T], sweep: Path, patience: float | None = None) -> T:
    """Try an operation again while the database is away.

    Args:
        operation: harmless to repeat.
        sweep: folder of the sweep, for the message.
        patience: in seconds; None for `PATIENCE`.

    Raises:
        ConnectionLost: the database was away for too long.
    """
    until = None
    while True:
        try:
            return operation()
        except Exception as error:
            reason = connection_error(error)
            if reason is None:
                raise
            if until is None:
                until = time.monotonic() + (PATIENCE if patience is None else patience)
                if patience != 0:
                    log.warning("the database of the search is away (%s); trying again", reason)
            if time.monotonic() > until:
                raise ConnectionLost(
                    f"{KEY}: the database cannot be reached ({reason}); once it can, repeat the command with  "
                    f"sweep.resume={shlex.quote(str(RunDir(sweep)))}  to go on"
                ) from error
            time.sleep(0.5)


def connection_error(error: BaseException) -> str | None:
    """Reason of an error that another attempt may not meet, as of a connection; None for other errors."""
    from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, PendingRollbackError

    for found in (error, error.__cause__):
        if isinstance(found, PendingRollbackError):  # Optuna queries once more on the lost connection
            return "the connection was lost"
        if isinstance(found, InterfaceError | OperationalError) or (
            isinstance(found, DBAPIError) and found.connection_invalidated
        ):
            return mask(first_line(found.orig or found))
    return None
