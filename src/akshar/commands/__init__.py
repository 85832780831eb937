"""One module a command, thin: each turns what was asked for into calls of the rooms below."""
