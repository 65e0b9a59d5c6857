"""What `hookline schemas` does: checks versions and contracts, and adds a version."""
