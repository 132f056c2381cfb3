"""What keeps a failing provider from taking us down with it.

Owns the circuit breaker and the bulkhead of each provider (`gate`), shared by all worker processes,
and the arithmetic of waiting before another try (`backoff`). Which errors count as a failure of the
provider is for the caller to say; retrying itself is done by rows that say when they are due.
"""
