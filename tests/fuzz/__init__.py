"""A seeded generator of requests for ingest: each says what it may be answered. `tests/integration/test_fuzz.py`."""
