"""The command line, a file for each group of commands; `healthcard.cli` puts them together."""
