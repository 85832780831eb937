"""Many runs at once: which job a run is, what is left to do, and the table of what came out."""
