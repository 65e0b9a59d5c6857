"""`hookline registry`: the checked-in schemas under the paths of a Schema Registry, read-only."""
