"""`hookline status`: how everything is, gathered from the processes, Kafka and PostgreSQL at once."""
