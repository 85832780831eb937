"""Coloured shapes, told apart by a small network."""
