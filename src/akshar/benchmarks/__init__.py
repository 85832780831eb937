"""Measurements of speed, memory and accuracy; a module with a `main` is run by `python -m`."""
