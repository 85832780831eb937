"""What Hydra finds as `hydra/sweeper=akshar_optuna`."""
