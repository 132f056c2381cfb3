"""The web application, as the server loads it.

The API is answered by a handler of its own, past the middleware that only pages for people need:
sessions, messages, CSRF and the like cost every order a tenth of its time.
"""

import os
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

from apps.platform.session_limits import limit_sessions
from config.processes import collect_garbage_rarely, die_with_parent, load_without_collecting

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
die_with_parent()
load_without_collecting()


def api_handler() -> WSGIHandler:
    """Make a handler with the middleware of the API; Django reads the setting only here."""
    every = settings.MIDDLEWARE
    settings.MIDDLEWARE = settings.OMS_API_MIDDLEWARE
    try:
        return WSGIHandler()
    finally:
        settings.MIDDLEWARE = every


_pages = get_wsgi_application()
# Loads the API and the pages of the back office before the server takes a request: else whoever asks first
# would wait for both.
import_module(settings.ROOT_URLCONF)
limit_sessions("web")
_api = api_handler()
collect_garbage_rarely()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer one request."""
    is_api = environ["PATH_INFO"].startswith(settings.OMS_API_PREFIX)
    return (_api if is_api else _pages)(environ, start_response)
