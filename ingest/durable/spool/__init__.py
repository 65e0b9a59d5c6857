"""The spool: the durable local queue of a node, used while Kafka can't take events. Start with `store.py`."""
