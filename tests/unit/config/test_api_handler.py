"""The API's own handler keeps what protects it, and leaves what only pages need."""

from django.conf import settings


class TestApiHandler:
    def test_leaves_the_setting_of_the_pages_as_it_was(self) -> None:
        # Not while tests are collected: the module has garbage looked for once it is loaded.
        from config.wsgi import api_handler

        before = list(settings.MIDDLEWARE)
        api_handler()
        assert before == settings.MIDDLEWARE

    def test_keeps_the_guard_and_the_transport_security(self) -> None:
        kept = set(settings.OMS_API_MIDDLEWARE)
        assert kept <= set(settings.MIDDLEWARE)
        assert "apps.platform.web.middleware.RequestGuard" in kept
        assert "django.middleware.security.SecurityMiddleware" in kept
        assert not any("session" in name or "csrf" in name for name in kept)
