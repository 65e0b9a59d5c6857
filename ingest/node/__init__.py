"""Who this node is, what it accepted, and what it reports of itself."""
