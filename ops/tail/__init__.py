"""Events as they come."""
