"""Whether anything was lost: what ingest accepted, what the topics hold, and what PostgreSQL has of it."""
