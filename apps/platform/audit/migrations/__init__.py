"""How the table of the audit log came to be."""
