"""Modules of the site: what its pages show that is made from the code when the site is built."""
