"""Rules of customers that need no database."""
