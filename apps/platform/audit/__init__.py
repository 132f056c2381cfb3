"""Who did what, to what, when and why: the log that nobody can rewrite.

Owns one table that only grows. Entries are written in the transaction of what they tell of, so
there is neither a deed without its entry nor an entry without its deed. The tables that an entry
points to belong to their contexts; it names them by kind and id.
"""
