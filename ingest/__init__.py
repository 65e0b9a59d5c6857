"""The Flask service: takes webhooks, makes each durable, answers. Start with `webhooks.py`."""
