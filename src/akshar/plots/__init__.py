"""Figures as PNG files and sheets of images, one subject per module; colours and sizes are in `style`."""
