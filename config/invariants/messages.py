"""Invariants of what customers are told: each thing once."""

from config.invariants.checking import Invariant

_NEEDS = ("notifications_message",)
_TOLD_TWICE = "Find out what queued the second message; what was sent cannot be taken back."

MESSAGE_INVARIANTS = (
    Invariant(
        name="an_event_is_told_once_per_channel",
        means="There are two messages for one event over one channel.",
        remedy=_TOLD_TWICE,
        needs=_NEEDS,
        sql="""
            SELECT event_id, channel, count(*) AS messages, min(order_id::text) AS order_id
            FROM notifications_message WHERE id >= %(since_id)s
            GROUP BY event_id, channel HAVING count(*) > 1
            ORDER BY event_id, channel""",
    ),
    Invariant(
        name="an_order_is_told_of_once_per_kind",
        means="A customer is told the same thing, refunds apart, about an order twice over one channel.",
        remedy=_TOLD_TWICE,
        needs=_NEEDS,
        sql="""
            SELECT order_id, kind, channel, count(*) AS messages
            FROM notifications_message WHERE id >= %(since_id)s AND kind <> 'payment_refunded'
            GROUP BY order_id, kind, channel HAVING count(*) > 1
            ORDER BY order_id, kind, channel""",
    ),
    Invariant(
        name="no_message_is_due",
        means="A message could be sent now, or the lease of whoever sends it is over.",
        remedy="Wait, or see that a notifications worker runs and what it says of the mail server.",
        only_when_settled=True,
        needs=_NEEDS,
        sql="""
            SELECT id AS message_id, order_id, kind, channel, status, next_at
            FROM notifications_message
            WHERE id >= %(since_id)s
              AND status IN ('sending', 'queued') AND next_at <= now()
            ORDER BY next_at""",
    ),
)
