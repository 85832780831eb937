"""The main path: config, data, model, Trainer, fit, best checkpoint, test, result."""
