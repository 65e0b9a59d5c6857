"""TextUs's API as all processors call it."""
