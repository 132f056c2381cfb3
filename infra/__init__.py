"""What runs the platform and stands in for the outside world; no application code imports it."""
