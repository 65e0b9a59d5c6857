"""History that does not grow for ever: what is older than its setting is deleted, in small steps."""
