"""A run: its settings and their checks, its folder, its checkpoints, what is written while it trains."""
