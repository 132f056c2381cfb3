"""The event bus for operators: what is parked, what lags, and what a person may do about it."""

# To import them is what counts: that adds the panel to the order's page, and the page of parked keys.
from apps.platform.outbox.admin.panels import show_events
from apps.platform.outbox.admin.parked import ParkedKeyAdmin

__all__ = ["ParkedKeyAdmin", "show_events"]
