"""HTTP calls that leave the house: where they may go, and how much may come back."""
