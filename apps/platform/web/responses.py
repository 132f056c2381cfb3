"""Answers in JSON, written from typed values without a serializer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from django.http import HttpResponse

MEDIA_TYPE: Final = "application/json"

_encoder: Final = msgspec.json.Encoder(decimal_format="string")


class JsonResponse(HttpResponse):
    """An answer from a Struct, a dataclass or plain values, or from bytes that are JSON already.

    Times are written in RFC 3339, ids and decimals as text. Money has no form of its own here: give
    `Money.as_dict()`.
    """

    def __init__(
        self, content: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        """Encode the content at once; what cannot be encoded raises `TypeError`."""
        super().__init__(
            content if isinstance(content, bytes) else _encoder.encode(content),
            status=status,
            content_type=MEDIA_TYPE,
            headers=dict(headers) if headers else None,
        )
