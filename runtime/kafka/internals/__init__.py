"""What reaches into kafka-python's inside, and nothing else does (docs/decisions/0040).

The version is pinned to its minor number in pyproject.toml; tests/unit/runtime/kafka/test_internals.py fails when what
is used here has changed.
"""
