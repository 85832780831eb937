"""Downloads of one file, with a progress bar and retries; a partial file is never read."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import pooch
import requests

from akshar.credentials import is_masked, mask
from akshar.errors import DataError

log = logging.getLogger(__name__)

TIMEOUT = 30  # seconds without a byte
TRIES = 3

T = TypeVar("T")


def download(url: str, folder: Path, read: Callable[[Path], T], way_out: str) -> T:
    """Download a file, read it and remove it.

    Args:
        url: of the file.
        folder: where the file is kept while it is read.
        read: called with the file's path; its result is returned.
        way_out: what to do if the download fails, for the message.

    Raises:
        DataError: masked credentials; after `TRIES` tries no connection or an error status; or what `read` raises.
    """
    shown = mask(url)
    if is_masked(url):
        raise DataError(f"{url}: records do not keep its credentials; give data.url=ADDRESS again, or {way_out}")
    log.info("downloading %s", shown)
    pooch.get_logger().setLevel("ERROR")
    name = "download.partial"
    fetcher = pooch.create(
        path=folder, base_url="", registry={name: None}, urls={name: url}, retry_if_failed=TRIES - 1
    )
    getter = pooch.HTTPDownloader(timeout=TIMEOUT, progressbar=sys.stderr.isatty())
    (folder / name).unlink(missing_ok=True)
    try:
        return read(Path(fetcher.fetch(name, downloader=cast(Any, getter))))
    except requests.RequestException as error:
        raise DataError(f"{shown} could not be downloaded ({_reason(error)}); {way_out}") from error
    finally:
        (folder / name).unlink(missing_ok=True)


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "the server did not answer"
    return "no connection"
