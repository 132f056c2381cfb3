"""The test suite: real PostgreSQL and Valkey, nothing sent anywhere."""

from config.settings.base import *

EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# One process plays all kinds here, migrations included.
OMS_SESSION_LIMITS = {"web": {}, "worker": {}}
# A test client loads the middleware anew, which is not to look through all files of the admin's pages.
WHITENOISE_AUTOREFRESH = True
