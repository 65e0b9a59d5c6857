"""What makes an event durable: Kafka in a group, or the spool while Kafka cannot take it."""
