"""Reports on trained networks: evaluation, HTML report, comparison of runs, label audit."""
