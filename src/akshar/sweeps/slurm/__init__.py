"""Jobs of a sweep on a Slurm cluster: submitted as an array, queued again where they should go on, and watched."""
