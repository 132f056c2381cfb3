"""How the table of idempotency records came to be."""
