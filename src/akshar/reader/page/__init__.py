"""The page to draw on: a server for one machine's own browser, and the page's files."""
