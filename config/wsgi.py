"""The web application, as the server loads it."""

import os

from django.core.wsgi import get_wsgi_application

from config.processes import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
die_with_parent()
application = get_wsgi_application()
