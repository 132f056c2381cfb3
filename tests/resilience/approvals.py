"""How a customer decides on a provider's page, each provider's in its own way."""

from collections.abc import Callable
from urllib.parse import urlsplit

import requests

from tests.resilience.plan import Approval

PAGE_SECONDS = (2.0, 10.0)
VERBS = {
    "stripe": ("approve", "fail"),
    "adyen": ("approve", "fail"),
    "paypal": ("approve", "cancel"),
}
"""What is called below a provider's page to agree, and not to."""
DECIDED = (200, 302, 303, 404, 409)
"""Answers after which there is nothing left to decide; somebody may have decided before."""


def decision_on(provider: str, url: str, approval: Approval) -> Callable[[], requests.Response]:
    """Give the request that decides on the page at `url`; sending it again decides nothing again.

    The answer names in `Location` where the customer is sent back to, if anything was decided.
    """
    agrees = approval is Approval.APPROVE
    if provider not in VERBS:
        return lambda: _decide_in_sandbox(url, agrees=agrees)
    page = urlsplit(url)
    verb = VERBS[provider][0 if agrees else 1]
    target = page._replace(path=f"{page.path}/{verb}").geturl()
    return lambda: requests.post(target, timeout=PAGE_SECONDS, allow_redirects=False)


def _decide_in_sandbox(url: str, *, agrees: bool) -> requests.Response:
    with requests.Session() as browser:
        browser.trust_env = False
        page = browser.get(url, timeout=PAGE_SECONDS)
        # The page of a payment that is decided has no form, and sets no cookie for one.
        if page.status_code != 200 or "<form" not in page.text:
            return page
        form = {
            "decision": "approve" if agrees else "refuse",
            "csrfmiddlewaretoken": browser.cookies.get("oms_csrf", default=""),
        }
        return browser.post(url, data=form, timeout=PAGE_SECONDS, allow_redirects=False)
