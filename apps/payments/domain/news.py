"""What a provider's news cannot say."""

from apps.kernel.money import LARGEST_MINOR


class NoSuchAmount(Exception):
    """A provider tells of an amount, in minor units, that no charge can be.

    No refusal, since nobody is there to be told: the message fails by itself and shows the name of this
    error, and a person decides (see the runbook on messages that fail).
    """


def insist_on_amount(amount_minor: int) -> None:
    """Let pass what somebody can have disputed, or been given back, in minor units.

    Raises:
        NoSuchAmount: it is nothing, less than nothing, or more than can be written down.
    """
    if not 0 < amount_minor <= LARGEST_MINOR:
        raise NoSuchAmount(amount_minor)
