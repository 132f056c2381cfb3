"""Which adapter serves which channel."""

from types import MappingProxyType

from apps.notifications.adapters.mail import Mail
from apps.notifications.domain.messages import Channel
from apps.notifications.ports import MessageChannel

_CHANNELS = MappingProxyType({Channel.EMAIL: Mail()})


def channel_named(channel: Channel) -> MessageChannel:
    """Give the adapter of a channel.

    Raises:
        LookupError: none is set up for it.
    """
    return _CHANNELS[channel]
