"""Whether this process lives, and whether it is ready to be given work.

Owns the two pages that load balancers and orchestrators ask every few seconds. It judges what this
process cannot do without (the database, with its tables as this code expects them) apart from what
it can (cache and broker); it repairs nothing.
"""
