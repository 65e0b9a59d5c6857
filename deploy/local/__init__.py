"""Everything on this machine: embedded Kafka and PostgreSQL, the sandbox, every process of ours."""
