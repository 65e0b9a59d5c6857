"""One file a target; found by looking."""
