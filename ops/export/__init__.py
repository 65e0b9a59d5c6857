"""Topics into Parquet files: by offset, every event once, a part a day, gone on with after a stop."""
