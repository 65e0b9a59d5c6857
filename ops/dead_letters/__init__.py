"""`hookline dlq`: what processors set aside, and its way back."""
