"""Names of run folders."""

import uuid
from datetime import datetime


def new_run_name() -> str:
    """Return `<date>_<time with microseconds>_<short id>`, unique also for runs started at once."""
    return f"{datetime.now():%Y-%m-%d_%H-%M-%S-%f}_{uuid.uuid4().hex[:4]}"
