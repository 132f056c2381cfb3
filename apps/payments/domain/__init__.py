"""Rules of payments that need no database and no provider."""
