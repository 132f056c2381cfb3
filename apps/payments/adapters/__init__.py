"""How to speak to each payment provider, and which one to use."""
