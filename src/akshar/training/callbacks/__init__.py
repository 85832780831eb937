"""Lightning callbacks of every run: history, checkpoints, divergence, progress. `training.fit` has the list."""
