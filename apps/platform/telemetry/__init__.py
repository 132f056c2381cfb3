"""What the platform says about itself while it runs: logs, traces and metrics.

Owns the log format and the masking of what must never be written down, the tracing set-up, the
names of all metrics and the page that shows them, and the one log line of each request. It
measures; it decides nothing.
"""
