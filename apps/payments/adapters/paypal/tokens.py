"""The access token that every request carries: fetched once, kept by the process until it runs out."""

import base64
import threading
import time

import msgspec
import structlog

from apps.kernel.decoding import decode
from apps.payments.adapters.paypal.transport import AnswerMissing, NeverSent, PayPalTransport
from apps.payments.ports import GatewayUnavailable, LockedOut

PATH = "/v1/oauth2/token"
MARGIN_SECONDS = 60.0
"""How long before its end a token is not relied on any more."""

log = structlog.get_logger(__name__)


class _Granted(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: float


class AccessTokens:
    """Gives the token of our account. Threads that need a new one wait for the one that fetches it."""

    def __init__(
        self, transport: PayPalTransport, *, api_base: str, client_id: str, client_secret: str
    ) -> None:
        """Take the account's id and secret."""
        self._transport = transport
        self._url = api_base + PATH
        pair = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._headers = {
            "Authorization": f"Basic {pair}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        self._lock = threading.Lock()
        self._token = ""
        self._good_until = 0.0

    def current(self) -> str:
        """Give a token that is good by our clock.

        Raises:
            GatewayUnavailable: PayPal gives none.
        """
        if self._token and time.monotonic() < self._good_until:
            return self._token
        return self.in_place_of(self._token)

    def in_place_of(self, refused: str) -> str:
        """Give another token than the one that PayPal has refused, or that has run out.

        Raises:
            GatewayUnavailable: PayPal gives none.
        """
        if not self._lock.acquire(timeout=self._transport.seconds_left()):
            raise GatewayUnavailable("paypal_token_unavailable")
        try:
            # Another thread may have fetched one while this one waited.
            if self._token == refused or time.monotonic() >= self._good_until:
                self._fetch()
            return self._token
        finally:
            self._lock.release()

    def _fetch(self) -> None:
        began = time.monotonic()
        try:
            answer = self._transport.send(
                "POST", self._url, headers=self._headers, body=b"grant_type=client_credentials"
            )
        except (NeverSent, AnswerMissing) as error:
            raise GatewayUnavailable("paypal_token_unavailable") from error
        if answer.status in (400, 401, 403):
            # A wrong or withdrawn secret is an outage: orders wait until somebody has set it right.
            log.error("paypal_key_refused", status=answer.status)
            raise LockedOut("paypal_key_refused")
        try:
            granted = decode(answer.body, _Granted)
        except msgspec.MsgspecError as error:
            raise GatewayUnavailable("paypal_token_unavailable") from error
        # One that ends sooner than the margin is still good for the request at hand.
        margin = min(MARGIN_SECONDS, granted.expires_in / 2)
        self._good_until = began + granted.expires_in - margin
        self._token = granted.access_token
