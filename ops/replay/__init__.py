"""Sending stored records of Kafka to one processor once more, through its redrive topic."""
