"""Every metric of predictions: accuracy, intervals, calibration, paired tests. No plotting."""
