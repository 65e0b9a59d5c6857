"""Independent consumers of the event topics: each keeps one thing in step, each effect once.

`runner` tells the story; `processor` is what a new processor has to provide.
"""
