"""What operators do with customers."""
