"""The tests. A package in its own right: some libraries install one of this name, which would win otherwise."""
