"""Where programs read the description of the API."""

from functools import cache
from threading import Lock
from typing import Any, Final

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView

_one_at_a_time: Final = Lock()


class SchemaMadeOnce(SchemaGenerator):
    """Gives the same schema to everybody, so that each process makes it once.

    Making it takes most of a second, and the first time it loads extensions into its own classes,
    which fails where two threads do it at the same moment.
    """

    def get_schema(self, request: object = None, public: bool = False) -> Any:
        """Give the schema of all that is public, whoever asks."""
        with _one_at_a_time:
            return _made_schema()


@cache
def _made_schema() -> Any:
    return SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]  # not typed


class SchemaView(SpectacularAPIView):
    """The schema, as JSON or YAML."""

    generator_class = SchemaMadeOnce
