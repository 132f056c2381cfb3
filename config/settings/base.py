"""What every environment shares. Values that differ come from environment variables (see config/env.py)."""

from pathlib import Path
from typing import Any

from apps.payments.adapters.registry import GATEWAYS
from apps.platform.telemetry.logs import logging_settings
from config.database import database_from_url
from config.env import load_jwks, read_environment
from config.mail import mail_from_url

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = read_environment()

DEBUG = False
SECRET_KEY = env.oms_secret_key
ALLOWED_HOSTS = env.oms_allowed_hosts.split(",")
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
APPEND_SLASH = False
BULK_BODY_BYTES = 4 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = BULK_BODY_BYTES
OMS_MAX_BODY_BYTES_BELOW = {
    "/api/v1/stock/": BULK_BODY_BYTES,
    "/api/v1/products": BULK_BODY_BYTES,
}

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    # Which leaves the pages to `config/urls.py`.
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "config.apps.CompositionConfig",
    "apps.platform.backoffice",
    "apps.platform.outbox",
    "apps.platform.idempotency",
    "apps.platform.audit",
    "apps.platform.partitions",
    "apps.platform.telemetry",
    "apps.platform.web",
    "apps.customers",
    "apps.inventory",
    "apps.orders",
    "apps.payments",
    "apps.notifications",
]

MIDDLEWARE = [
    "apps.platform.telemetry.middleware.RequestTelemetry",
    "apps.platform.web.middleware.RequestGuard",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "axes.middleware.AxesMiddleware",
]

# Below these prefixes nobody has a session. Those who ask after our health name the address of this
# machine as the host, which is none of ours: no middleware here may judge it.
OMS_API_PREFIX = (
    "/health/",
    "/metrics",
    "/api/v1/orders",
    "/api/v1/stock",
    "/api/v1/products",
    "/api/v1/availability",
    "/api/v1/payments",
    "/api/v1/webhooks",
    "/api/v1/customers",
)
OMS_API_MIDDLEWARE = [
    "apps.platform.telemetry.middleware.RequestTelemetry",
    "apps.platform.web.middleware.RequestGuard",
    "django.middleware.security.SecurityMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": database_from_url(env.database_url)}
# Whoever stops in the middle of a transaction keeps its locks no longer than ten seconds. Commands
# such as migrations have no limits.
OMS_SESSION_LIMITS = {
    "web": {
        "statement_timeout": "15s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "10s",
    },
    "worker": {"lock_timeout": "10s", "idle_in_transaction_session_timeout": "10s"},
}
REDIS_URL = env.redis_url
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": env.redis_url,
        "OPTIONS": {
            "SOCKET_CONNECT_TIMEOUT": 0.5,
            "SOCKET_TIMEOUT": 0.5,
            "IGNORE_EXCEPTIONS": True,
        },
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_ENABLE_ADMIN = False
AXES_FAILURE_LIMIT = 5
AXES_VERBOSE = False
AXES_COOLOFF_TIME = 0.25
AXES_USERNAME_CALLABLE = "apps.platform.audit.deeds.username_tried"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        # The admin theme's scripts are Alpine.js expressions, which need eval and inline styles.
        "script-src": ["'self'", "'unsafe-inline'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'", "data:"],
        "worker-src": ["'self'", "blob:"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}

UNFOLD = {
    "SITE_TITLE": "Order management",
    "SITE_HEADER": "Order management",
    "SITE_SUBHEADER": "Back office",
    "SITE_SYMBOL": "package_2",
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "6px",
    "ENVIRONMENT": "config.backoffice.name_environment",
    "DASHBOARD_CALLBACK": "config.dashboard.fill_dashboard",
    "STYLES": ["config.backoffice.locate_styles"],
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": "config.backoffice.locate_icon"}
    ],
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 254.6)",
            "100": "oklch(93.2% .032 255.6)",
            "200": "oklch(88.2% .059 254.1)",
            "300": "oklch(80.9% .105 251.8)",
            "400": "oklch(70.7% .165 254.6)",
            "500": "oklch(62.3% .214 259.8)",
            "600": "oklch(54.6% .245 262.9)",
            "700": "oklch(48.8% .243 264.4)",
            "800": "oklch(42.4% .199 265.6)",
            "900": "oklch(37.9% .146 265.5)",
            "950": "oklch(28.2% .091 267.9)",
        }
    },
    "SIDEBAR": {"show_search": True, "navigation": "config.backoffice.list_navigation"},
}

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "apps.platform.web.schema.StructAutoSchema",
    "EXCEPTION_HANDLER": "apps.platform.web.problems.exception_handler",
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.platform.web.authentication.BearerAuthentication"],
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "POSTPROCESSING_HOOKS": [],
    "TITLE": "Order management",
    "DESCRIPTION": "Place orders, follow them, call them off; keep stock; register customers.\n\n"
    "Bodies are JSON (RFC 8259). Name each member of an object once: of several with one name the last "
    "counts, and nothing says so.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

CELERY_BROKER_URL = env.celery_broker_url or env.redis_url
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_STORE_ERRORS_EVEN_IF_IGNORED = False
CELERY_TASK_DEFAULT_QUEUE = "maintenance"
CELERY_TASK_CREATE_MISSING_QUEUES = True
# Keep the database connection between tasks; broken ones are dropped when a task begins.
CELERY_DB_REUSE_MAX = 1_000_000_000
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.2,
    "socket_connect_timeout": 1,
    "socket_timeout": 10,
}

LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = logging_settings(service=env.oms_service, level=env.oms_log_level)

OMS_ENV = env.oms_env
OMS_SERVICE = env.oms_service
OMS_REGION = env.oms_region
OMS_SHOP_TIME_ZONE = env.oms_shop_time_zone
OMS_HOME = env.oms_home
OMS_BASE_URL = env.oms_base_url
OMS_SIMULATORS_URL = env.oms_simulators_url
OMS_LOG_LEVEL = env.oms_log_level
OMS_ORDER_NUMBER_SECRET = env.oms_order_number_secret

OMS_JWT_ISSUER = env.oms_jwt_issuer
OMS_JWT_AUDIENCE = env.oms_jwt_audience
OMS_JWKS_URL = env.oms_jwks_url
OMS_JWKS = load_jwks(env.oms_jwks_file)
OMS_JWT_PRIVATE_KEY_FILE = env.oms_jwt_private_key_file
OMS_RATE_LIMITS = {
    "default": (env.oms_rate_limit_per_minute, 60),
    # Of one address; many people may share it, and what holds is let in all the same.
    "failed_authentication": (600, 60),
}
OMS_WAITING_REQUESTS = env.oms_waiting_requests
OMS_TRUSTED_PROXIES = env.oms_trusted_proxies
OMS_METRICS_TOKEN = env.oms_metrics_token
OMS_METRICS_PORT = env.oms_metrics_port

OMS_OUTBOX_WORKERS = env.oms_outbox_workers

OMS_RESERVATION_MINUTES = env.oms_reservation_minutes
OMS_RESERVATION_LIMIT_MINUTES = env.oms_reservation_limit_minutes
OMS_REVIEW_ABOVE_MINOR = env.oms_review_above_minor
OMS_LEAD_REFUND_HUNDREDTHS = env.oms_lead_refund_hundredths
OMS_PAYMENT_ACTION_MINUTES = env.oms_payment_action_minutes
OMS_CAPTURE_ON = env.oms_capture_on
OMS_AUTHORISATION_WARNING_HOURS = env.oms_authorisation_warning_hours
OMS_AUTHORISATION_ENDING = env.oms_authorisation_ending
OMS_PAYMENT_WAIT_MINUTES = env.oms_payment_wait_minutes
OMS_SETTLEMENT_DAYS = env.oms_settlement_days
OMS_FEE_LIMITS = env.fee_limits
OMS_WAITING_CALL_MINUTES = env.oms_waiting_call_minutes
OMS_GATEWAYS = env.gateways
# What each provider takes is known where it is connected; orders asks before it takes an order.
OMS_PAYMENT_METHODS = {name: entry.methods for name, entry in GATEWAYS.items()}
OMS_PROVIDER_RULES = env.provider_rules
OMS_PROVIDER_FALLBACK = env.oms_provider_fallback == "on"
OMS_GATEWAY_CONCURRENCY = env.oms_gateway_concurrency
OMS_GATEWAY_RECOVERY_PER_SECOND = env.oms_gateway_recovery_per_second
OMS_SANDBOX_LATENCY_MS = env.oms_sandbox_latency_ms
OMS_SANDBOX_SECRET = env.oms_sandbox_secret
STRIPE_API_BASE = env.stripe_api_base
STRIPE_API_KEY = env.stripe_api_key
STRIPE_WEBHOOK_SECRET = env.stripe_webhook_secret
ADYEN_API_BASE = env.adyen_api_base
ADYEN_API_KEY = env.adyen_api_key
ADYEN_MERCHANT_ACCOUNT = env.adyen_merchant_account
ADYEN_HMAC_KEY = env.adyen_hmac_key
ADYEN_WEBHOOK_USER = env.adyen_webhook_user
ADYEN_WEBHOOK_PASSWORD = env.adyen_webhook_password
ADYEN_REPORT_BASE = env.adyen_report_base
ADYEN_REPORT_USER = env.adyen_report_user
ADYEN_REPORT_PASSWORD = env.adyen_report_password
PAYPAL_API_BASE = env.paypal_api_base
PAYPAL_CLIENT_ID = env.paypal_client_id
PAYPAL_CLIENT_SECRET = env.paypal_client_secret
PAYPAL_WEBHOOK_ID = env.paypal_webhook_id
PAYPAL_WEBHOOK_CHECK = env.paypal_webhook_check
PAYPAL_CERTIFICATE_BASE = env.paypal_certificate_base
PAYPAL_CA_FILE = env.paypal_ca_file

DEFAULT_FROM_EMAIL = env.oms_email_from
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
if env.oms_smtp_url:
    globals().update(mail_from_url(env.oms_smtp_url))
if env.oms_mailbox_dir:
    EMAIL_BACKEND = "apps.notifications.adapters.mailbox.MailboxBackend"
    EMAIL_FILE_PATH = env.oms_mailbox_dir
EMAIL_TIMEOUT = 10
