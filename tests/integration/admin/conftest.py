"""Staff of every role, at the back office's door."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from apps.platform.backoffice.roles import define_roles
from config.demo import make_staff

BACKEND = "django.contrib.auth.backends.ModelBackend"

Enter = Callable[[str], Client]


@pytest.fixture
def enter() -> Enter:
    """Let a member of staff in; `nobody` has no role, `root` may do everything."""

    def let_in(role: str) -> Client:
        if role == "root":
            user = User.objects.create_superuser("root", password="a long secret of root")
        elif role == "nobody":
            user = User.objects.create_user("nobody", is_staff=True)
        else:
            make_staff(role, define_roles()[role])
            user = User.objects.get(username=role)
        client = Client()
        client.force_login(user, backend=BACKEND)
        return client

    return let_in


@pytest.fixture(autouse=True)
def _no_old_sums() -> None:
    """Forget what the dashboard of another test kept."""
    cache.clear()
