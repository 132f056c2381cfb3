"""One endpoint that leaves a row behind each time it takes effect."""

from __future__ import annotations

import time

from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path

from apps.platform.idempotency.views import IdempotentView
from apps.platform.web.responses import JsonResponse


class Groups(IdempotentView):
    """Groups, made on request."""

    scopes = "orders:write"

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Make one."""
        wanted = self.body(dict[str, str])

        def make() -> JsonResponse:
            group = Group.objects.create(name=f"{wanted['name']} {time.perf_counter_ns()}")
            return self.json(
                {"id": group.pk}, status=202, headers={"Location": f"/groups/{group.pk}"}
            )

        return self.answer_once(make)


urlpatterns = [path("api/v1/groups", Groups.as_view())]
