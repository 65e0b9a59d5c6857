"""The CRMs, one file each."""
