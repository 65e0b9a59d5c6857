"""What runs any processor: the life of a batch from poll to commit."""
