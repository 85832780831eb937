"""The Devanagari project: letters, fonts, pen strokes, and the data sets DHCD and glyphs."""
