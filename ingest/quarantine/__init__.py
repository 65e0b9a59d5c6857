"""Webhooks that were refused with 401 or 400 and are kept for a replay."""
