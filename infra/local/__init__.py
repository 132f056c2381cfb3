"""The whole platform on one machine, from Python packages alone.

This package owns the embedded PostgreSQL and Valkey, the processes of the platform beside them,
and the commands behind the Makefile. It knows the platform only from outside: by its commands,
its environment variables and its HTTP addresses.
"""
