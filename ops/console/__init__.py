"""The web console: what happens, what waits for a person, and who has looked at or changed what."""
