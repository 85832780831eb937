"""One file from the network: with a progress bar, tried again, never taken for whole before it is."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import pooch
import requests

from akshar.errors import DataError

log = logging.getLogger(__name__)

TIMEOUT = 30  # seconds without a byte
TRIES = 3

T = TypeVar("T")


def download(url: str, folder: Path, read: Callable[[Path], T]) -> T:
    """Downloads `url` beside the cache, reads it and removes it again.

    Raises:
        DataError: no network, or a server's refusal, after `TRIES` tries; or what `read` raises.
    """
    log.info("downloading %s", url)
    pooch.get_logger().setLevel("ERROR")
    name = "dhcd-download.zip"
    fetcher = pooch.create(
        path=folder, base_url="", registry={name: None}, urls={name: url}, retry_if_failed=TRIES - 1
    )
    getter = pooch.HTTPDownloader(timeout=TIMEOUT, progressbar=sys.stderr.isatty())
    (folder / name).unlink(missing_ok=True)
    try:
        return read(Path(fetcher.fetch(name, downloader=cast(Any, getter))))
    except requests.RequestException as error:
        raise DataError(
            f"DHCD could not be downloaded from {url} ({_reason(error)}); fetch the zip by hand and name it with "
            "data.archive=FILE or AKSHAR_DHCD, or try data=glyphs, which needs no download"
        ) from error
    finally:
        (folder / name).unlink(missing_ok=True)


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "the server did not answer"
    return "no connection"
