"""Pictures of a run, one subject a file, in one style."""
