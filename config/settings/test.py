"""The test suite: real PostgreSQL and Valkey, nothing sent anywhere."""

from config.settings.base import *

EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
