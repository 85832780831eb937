"""Lightning callbacks of every run: history, checkpoints, divergence, progress."""
