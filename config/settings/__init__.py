"""Settings per environment: `base` for what is common, one module for each that differs."""
