"""Hydra plugin for `hydra/sweeper=akshar_optuna`."""
