"""Questions in SQL: DuckDB over the files of an export and over PostgreSQL's schema `analytics`, read only."""
