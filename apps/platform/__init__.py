"""What every context stands on and no customer ever asked for.

A street of named houses, each with one trade: the event bus and its outbox, idempotency keys,
resilience against providers, the audit log, the conventions of the REST API, telemetry. Nothing
here knows an order from a parcel: contexts import the platform, the platform imports the kernel.
"""
