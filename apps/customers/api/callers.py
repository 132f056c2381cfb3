"""Which callers may do what with customers."""

from apps.kernel.identifiers import CustomerId
from apps.platform.web.principals import Principal
from apps.platform.web.refusals import HttpRefusal


def own_customer_id(principal: Principal) -> CustomerId:
    """Give the customer that "me" means.

    Raises:
        HttpRefusal: 403, the token is a service's.
    """
    if principal.customer_id is None:
        raise HttpRefusal(403, "customer_token_needed", "Only a customer's own token has a “me”.")
    return principal.customer_id


def insist_on_service(principal: Principal) -> None:
    """Let services pass.

    Raises:
        HttpRefusal: 403, the token is a customer's.
    """
    if principal.kind != "service":
        raise HttpRefusal(403, "service_token_needed", "Only a service can register customers.")
