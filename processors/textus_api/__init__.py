"""TextUs's API as all processors call it: one client, and one request budget for all processes."""
