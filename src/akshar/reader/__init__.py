"""Trained networks applied to pictures: predictors, export and the drawing page."""
