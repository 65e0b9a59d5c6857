"""Dead letters of a processor, and their way back: for `hookline dlq` and for requests of the console."""
