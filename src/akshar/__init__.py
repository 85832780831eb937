"""Akshar: a config-driven experiment framework for reading handwritten Devanagari."""

__version__ = "0.1.0"
