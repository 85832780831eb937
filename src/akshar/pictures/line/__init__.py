"""Rows of characters: cuts the ink into pieces, and chooses which pieces form a character."""
