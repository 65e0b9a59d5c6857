"""Erasing a person: what is looked for, what keeps it from being done, and what is done where (docs/erasure.md)."""
