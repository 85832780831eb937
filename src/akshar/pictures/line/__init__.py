"""Rows of characters: cuts the ink into pieces, and lists which pieces may form a character."""
