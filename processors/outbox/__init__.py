"""Calls to other services that wait in PostgreSQL until they are done: queues, a worker, limits, errors."""
