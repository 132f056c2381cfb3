"""The token of our account: kept while it is good, fetched again when it is not."""

import threading
from collections.abc import Mapping

import msgspec
import pytest

from apps.payments.adapters.paypal.tokens import AccessTokens
from apps.payments.adapters.paypal.transport import Answer, AnswerMissing, PayPalTransport
from apps.payments.ports import GatewayUnavailable


class Scripted(PayPalTransport):
    """Answers as told, one after the other."""

    def __init__(self, *answers: Answer | Exception) -> None:
        super().__init__(connect_seconds=0.1, read_seconds=0.1)
        self._answers = list(answers)
        self.asked: list[tuple[str, Mapping[str, str], bytes | None]] = []

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        self.asked.append((url, headers, body))
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def granted(token: str, seconds: float = 32_400) -> Answer:
    document = {"access_token": token, "expires_in": seconds, "token_type": "Bearer"}
    return Answer(status=200, body=msgspec.json.encode(document))


def tokens(transport: PayPalTransport) -> AccessTokens:
    return AccessTokens(
        transport, api_base="https://paypal.example", client_id="id", client_secret="secret"
    )


class TestATokenOfOurAccount:
    def test_is_asked_for_with_id_and_secret(self) -> None:
        transport = Scripted(granted("t1"))

        assert tokens(transport).current() == "t1"

        ((url, headers, body),) = transport.asked
        assert url == "https://paypal.example/v1/oauth2/token"
        assert headers["Authorization"] == "Basic aWQ6c2VjcmV0"
        assert body == b"grant_type=client_credentials"

    def test_is_kept_while_it_is_good(self) -> None:
        mine = tokens(Scripted(granted("t1")))

        assert [mine.current(), mine.current()] == ["t1", "t1"]

    def test_that_has_run_out_is_replaced(self) -> None:
        mine = tokens(Scripted(granted("t1", 0), granted("t2")))

        assert [mine.current(), mine.current()] == ["t1", "t2"]

    def test_that_was_refused_is_replaced_once(self) -> None:
        mine = tokens(Scripted(granted("t1"), granted("t2")))
        mine.current()

        assert [mine.in_place_of("t1"), mine.in_place_of("t1")] == ["t2", "t2"]

    @pytest.mark.parametrize(
        ("answer", "text"),
        [
            (Answer(status=401, body=b"{}"), "paypal_key_refused"),
            (Answer(status=503, body=b""), "paypal_token_unavailable"),
            (Answer(status=200, body=b"<html>"), "paypal_token_unavailable"),
            (AnswerMissing("x"), "paypal_token_unavailable"),
        ],
    )
    def test_that_is_not_given_means_that_nothing_happened(
        self, answer: Answer | Exception, text: str
    ) -> None:
        mine = tokens(Scripted(answer, granted("t1")))

        with pytest.raises(GatewayUnavailable, match=text):
            mine.current()
        assert mine.current() == "t1"

    def test_is_not_waited_for_longer_than_the_call_may_take(self) -> None:
        fetching, done = threading.Event(), threading.Event()

        class Stuck(Scripted):
            def send(self, *args: object, **more: object) -> Answer:
                fetching.set()
                done.wait(5)
                return granted("t1")

        transport = Stuck()
        mine = tokens(transport)
        first = threading.Thread(target=mine.current)
        first.start()
        fetching.wait(5)

        with transport.within(0.1), pytest.raises(GatewayUnavailable, match="token_unavailable"):
            mine.current()
        done.set()
        first.join(5)

        assert mine.current() == "t1"
