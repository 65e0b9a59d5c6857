"""Dead letters as `hookline dlq` shows them, and dead deliveries of the CRMs."""
