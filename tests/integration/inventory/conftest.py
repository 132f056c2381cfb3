"""The warehouses' own caller of the API, the same one as everywhere."""

from tests.integration.api.conftest import accepted_keys, private_key, service

__all__ = ["accepted_keys", "private_key", "service"]
