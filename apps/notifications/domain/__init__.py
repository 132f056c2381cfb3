"""Rules of notifications that need no database."""
