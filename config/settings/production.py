"""Production: everything strict, and no start with a demo secret."""

from config.env import refuse_unsafe_production
from config.live_money import is_live, refuse_test_accounts
from config.settings.base import *
from config.settings.base import BASE_DIR, env

refuse_unsafe_production(env)

# Staging runs with these settings too, under a name of its own; `local` is what nobody has named.
OMS_ENV = "production" if env.oms_env == "local" else env.oms_env
if is_live(OMS_ENV):
    refuse_test_accounts(env)
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
