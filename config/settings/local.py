"""`make run`, the benchmark and the drills: production's behaviour on one machine."""

from config.settings.base import *

SESSION_COOKIE_NAME = "oms_session"
CSRF_COOKIE_NAME = "oms_csrf"
