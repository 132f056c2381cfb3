"""Refunds that come back while others are under way, at each provider: real calls over HTTP, real signatures."""

import pytest

from apps.payments.models import ProviderMessageRecord
from tests.integration.payments.setback_story import Story

pytestmark = pytest.mark.django_db(transaction=True)

TOKENS = {
    "stripe": "pm_card_refundFail",
    "paypal": "vault-refund-fails",
    "adyen": "stored_card_refund_fails_later",
}
FAILED = {"stripe": "refund.failed", "paypal": "PAYMENT.REFUND.FAILED", "adyen": "REFUND_FAILED"}


@pytest.fixture(params=list(TOKENS))
def story(request: pytest.FixtureRequest) -> Story:
    """A story at each provider in turn, of a card or wallet that takes no money back."""
    provider: str = request.param
    return Story(provider, TOKENS[provider], request.getfixturevalue(provider))


class TestRefundsThatComeBack:
    def test_together_are_counted_back_both(self, story: Story) -> None:
        story.refund_made(500, 1)
        story.refund_made(300, 2)

        story.bring_together(FAILED[story.provider], count=2, newest=2)
        told = ProviderMessageRecord.objects.filter(is_setback=True)
        assert set(told.values_list("setback_of", flat=True)) == {"refund"}
        assert not story.agrees_with_provider()
        story.go_on()

        assert story.refunds() == [(500, "declined"), (300, "declined")]
        assert story.agrees_with_provider()

    def test_beside_one_that_is_open_are_counted_back_after_it(self, story: Story) -> None:
        story.refund_made(500, 1)
        story.simulator.receiver.wait_for(FAILED[story.provider])
        with story.left_open():
            story.hear_of(FAILED[story.provider])
            assert story.refunds()[0] == (500, "succeeded")
        story.go_on()

        assert story.refunds() == [(500, "declined"), (300, "succeeded")]
        story.hear_of(FAILED[story.provider], count=2)
        assert story.refunds() == [(500, "declined"), (300, "declined")]
        assert story.agrees_with_provider()
