"""The rules as data: which words, in which language, say what. Change one and raise `rules.VERSION`."""
