"""Commands of the API conventions."""
