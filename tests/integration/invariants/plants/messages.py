"""Ways to break the invariants of messages to customers."""

from tests.integration.invariants.plants.planting import Plant, without

_MESSAGE = """
    INSERT INTO notifications_message (
        id, event_id, order_id, customer_id, kind, channel, status, context, locale, to_address,
        subject, provider_id, problem, attempts, created_at, queued_at, next_at)
    SELECT ('019abcde-0000-7000-8000-00000000000' || v.n)::uuid, v.event_id, %(confirmed)s,
           %(confirmed)s, v.kind, 'email', v.status, '{}', 'en', '', '', '', '', 0, now(), now(),
           now()
    FROM (VALUES """

MESSAGE_PLANTS = (
    Plant(
        invariant="an_event_is_told_once_per_channel",
        how="two messages of one event",
        statements=(
            without("one_message_per_event_and_channel"),
            _MESSAGE + "(1, -7, 'action_needed', 'sent'), (2, -7, 'something_new', 'sent')) "
            "AS v (n, event_id, kind, status)",
        ),
        row={"event_id": -7, "channel": "email", "messages": 2},
    ),
    Plant(
        invariant="an_order_is_told_of_once_per_kind",
        how="two of a kind",
        statements=(
            _MESSAGE + "(1, -7, 'something_new', 'sent'), (2, -8, 'something_new', 'sent')) "
            "AS v (n, event_id, kind, status)",
        ),
        row={"order_id": "=confirmed", "kind": "something_new", "messages": 2},
    ),
    Plant(
        invariant="no_message_is_due",
        how="one was not sent",
        statements=(
            _MESSAGE + "(1, -7, 'something_new', 'queued')) AS v (n, event_id, kind, status)",
        ),
        row={"order_id": "=confirmed", "status": "queued"},
    ),
)
