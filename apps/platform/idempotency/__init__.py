"""Let a caller repeat a request without repeating its effect.

Owns one table: which client sent which `Idempotency-Key`, with what, and what it was answered. The
record is written in the transaction of the effect, so that a crash leaves both or neither. It
declines to know what the effect is, and keeps no refusals: what wrote nothing may be tried again.
"""
