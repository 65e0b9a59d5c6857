"""The one place that knows the Kafka client and its traps: `producer`, `consumer`, `topics`."""
