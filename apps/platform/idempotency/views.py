"""Endpoints whose POST creates or charges: the base class that asks for an `Idempotency-Key`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from django.http import HttpRequest

from apps.platform.idempotency.answering import Answer, answer_once, fingerprint_of, valid_key
from apps.platform.idempotency.together import Attempt, Together
from apps.platform.web.responses import JsonResponse
from apps.platform.web.views import ApiView

Asked = TypeVar("Asked")

REPLAYED: Final = "Idempotent-Replayed"


class IdempotentView(ApiView):
    """An endpoint that does what it is asked once per client and key."""

    repeatable_methods = frozenset({*ApiView.repeatable_methods, "POST"})

    @property
    def idempotency_key(self) -> str:
        """Give the key of this request.

        Raises:
            IdempotencyKeyMissing: there is none.
            IdempotencyKeyInvalid: it is empty, longer than 255 or not printable ASCII.

        """
        return valid_key(self.request.META.get("HTTP_IDEMPOTENCY_KEY"))

    def _admit(self, request: HttpRequest) -> None:
        """Let the caller in, and insist on a key before the body is looked at."""
        super()._admit(request)
        if request.method == "POST":
            valid_key(request.META.get("HTTP_IDEMPOTENCY_KEY"))

    def answer_once(self, effect: Callable[[], JsonResponse]) -> JsonResponse:
        """Run `effect` in a transaction of its own and answer what it answers.

        A repetition of the request is given the first answer with `Idempotent-Replayed: true`; see
        `answering.answer_once` for what is promised and refused.
        """
        return _response(
            answer_once(
                client=self.actor,
                key=self.idempotency_key,
                fingerprint=self._fingerprint(),
                now=self.now,
                effect=lambda: answer_of(effect()),
            )
        )

    def answer_together(self, together: Together[Asked, Any], asked: Asked) -> JsonResponse:
        """Answer as `answer_once` does, in one transaction with others of this moment."""
        return _response(
            together.answer(
                Attempt(
                    client=self.actor,
                    key=self.idempotency_key,
                    fingerprint=self._fingerprint(),
                    now=self.now,
                    asked=asked,
                )
            )
        )

    def _fingerprint(self) -> bytes:
        request = self.request
        return fingerprint_of(request.method or "", request.get_full_path(), request.body)


def answer_of(response: JsonResponse) -> Answer:
    """Turn a response into what can be remembered."""
    headers = {
        name: value for name, value in response.headers.items() if name.lower() != "content-type"
    }
    return Answer(status=response.status_code, body=response.content, headers=headers)


def _response(answer: Answer) -> JsonResponse:
    headers = {**answer.headers, REPLAYED: "true"} if answer.is_replay else answer.headers
    return JsonResponse(answer.body, status=answer.status, headers=headers)
