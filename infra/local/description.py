"""What a running stack says of itself, in the run file and to those who started it."""

from typing import TypedDict

# What the preparation of the database prints once the tables are there.
TABLES_READY = "tables ready"


class Staff(TypedDict):
    """How a member of the demo staff logs in."""

    username: str
    password: str


class Demo(TypedDict):
    """What the demo data offers; the answer of `manage.py seed_demo --json`."""

    customer_id: str
    warehouses: list[str]
    staff: dict[str, Staff]


class Prepared(Demo):
    """The demo data with a token of a service, which may do everything, and of the customer."""

    token: str
    customer_token: str


class Run(Prepared):
    """The run file: the above, addresses, those of the payment providers too, and the process of each role."""

    base_url: str
    admin_url: str
    simulators_url: str
    providers: dict[str, str]
    mailbox_url: str
    database_url: str
    redis_url: str
    broker_url: str
    pids: dict[str, int]
