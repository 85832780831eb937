"""Every number about a network's answers: accuracy, intervals, calibration, paired tests. No plotting."""
