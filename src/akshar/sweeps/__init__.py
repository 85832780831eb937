"""Many runs at once: grids, searches, parallel jobs, resuming, and the table of results."""
