"""One request budget for each API, kept in PostgreSQL for all processes, and who pays from it."""
