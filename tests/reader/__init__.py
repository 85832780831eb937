"""A package, so that `conftest` remains the name of tests/conftest.py."""
