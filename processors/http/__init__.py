"""HTTP calls that leave the house: where they may go, how much may come back, and what an answer means."""
