"""What happened to a text: every step of an event, from the tables alone."""
