"""Hydra's launcher plugin for Slurm."""
