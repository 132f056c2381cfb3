"""Rules of orders that need no database."""
