"""What can be asked of a network after training: how good, what it confuses, better than which other."""
