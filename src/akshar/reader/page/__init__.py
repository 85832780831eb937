"""The drawing page: its files, and a server for browsers on this machine."""
