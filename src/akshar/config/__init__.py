"""From the command line to one typed, validated config."""
