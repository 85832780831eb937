"""The record that a run begins with: `split.json` and `provenance.json`."""

from akshar.files import write_json
from akshar.runs import provenance
from akshar.runs.provenance import Provenance
from akshar.training.console_summary import log_resume
from akshar.training.setup import Setup


def start_record(setup: Setup) -> Provenance:
    """Write the record of a new run, or add a resume to it."""
    run_dir, split = setup.run_dir, setup.split
    if setup.provenance_before is None:
        write_json(run_dir.split, split.settings | {"digest": split.digest(), "val": split.val.tolist()})
        return provenance.begin(run_dir, setup.facts)
    step = setup.resumed_from.lightning["global_step"] if setup.resumed_from else 0
    log_resume(step, provenance.changes_since(setup.provenance_before))
    return provenance.resume(run_dir, step, setup.facts.config_hash)
