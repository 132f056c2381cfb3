"""What operators do with payments."""
