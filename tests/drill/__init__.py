"""The incident drill: faults in a running stack, how soon anybody knows, and whether what it says to do mends them."""
