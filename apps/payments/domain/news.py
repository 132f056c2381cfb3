"""What a provider's news cannot say."""


class NoSuchAmount(Exception):
    """A provider tells of an amount, in minor units, that no charge can be.

    No refusal, since nobody is there to be told: the message fails by itself and shows the name of this
    error, and a person decides (see the runbook on messages that fail).
    """
