"""The configs of akshar, which other applications can build on: `hydra.searchpath=[pkg://akshar.conf]`."""
