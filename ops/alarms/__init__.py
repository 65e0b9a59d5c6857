"""The alarm rules: what is wrong when, how urgent it is, its likely cause, and the command to run."""
