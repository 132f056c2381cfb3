"""The words every context uses with the same meaning.

Money, postal addresses, identifiers, order numbers, the clock, the refusal (`DomainError`), the
cause of a change, and in `events` the published facts. It owns no table, no rule of any single
trade and no framework: plain Python that can be read, tested and imported without Django. A thing
moves in when two contexts already need it; what only one of them needs stays there.
"""
