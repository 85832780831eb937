"""Measurements of the machine's and the framework's speed, each run by `python -m`."""
