"""The commands, each a module of this package."""

COMMANDS = tuple("train test runs sweep inspect compare predict export draw new bench completion".split())
