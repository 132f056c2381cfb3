"""Rules of inventory that need no database."""
