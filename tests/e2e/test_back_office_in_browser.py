"""Customer service at work in a real browser: scripts, styles and security headers included."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.conftest import Shop

CHROMIUM = os.environ.get("OMS_CHROMIUM") or shutil.which("chromium") or ""
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]

PATIENCE_MILLISECONDS = 30_000
expect.set_options(timeout=PATIENCE_MILLISECONDS)

pytestmark = pytest.mark.skipif(
    not CHROMIUM,
    reason="no chromium: install it (apt-get install chromium), or name one in OMS_CHROMIUM",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all pages."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def problems() -> list[str]:
    """What a page complained about."""
    return []


@pytest.fixture
def page(browser: Browser, problems: list[str]) -> Iterator[Page]:
    """A tab that notes what goes wrong in it."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MILLISECONDS)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda message: problems.append(message.text) if message.type == "error" else None,
    )
    yield page
    context.close()


def log_in(page: Page, shop: Shop, role: str) -> None:
    """Come in through the login form."""
    staff = shop.stack.run["staff"][role]
    page.goto(shop.stack.run["admin_url"])
    page.fill("#id_username", staff["username"])
    page.fill("#id_password", staff["password"])
    page.press("#id_password", "Enter")
    expect(page.get_by_role("link", name="Dashboard")).to_be_visible()


class TestCustomerServiceInABrowser:
    def test_finds_an_order_and_cancels_it(
        self, shop: Shop, page: Page, problems: list[str]
    ) -> None:
        placed = shop.place().json()
        shop.wait_for(
            placed["id"], lambda order: order["payment"]["status"] == "captured", "the capture"
        )
        log_in(page, shop, "lead")
        page.locator("#nav-sidebar-apps a", has_text="Orders").first.click()
        page.fill("#searchbar", placed["number"])
        page.press("#searchbar", "Enter")
        page.get_by_role("link", name=placed["number"]).click()
        for title in ("Items", "Stock", "Payment", "Messages", "Events", "Timeline"):
            expect(page.locator(f'section[aria-label="{title}"]')).to_be_visible()
        expect(page.locator('section[aria-label="Timeline"]')).to_contain_text("Payment captured")
        page.get_by_role("link", name="Cancel…").click()
        page.fill("textarea[name=reason]", "called and asked for it")
        page.get_by_role("button", name="Cancel the order").click()
        expect(page.get_by_text("is being cancelled.")).to_be_visible()
        assert shop.becomes(placed["id"], "cancelled")["cancellation"] == {
            "reason": "customer_request",
            "detail": "called and asked for it",
        }
        page.reload()
        expect(page.locator('section[aria-label="Timeline"]')).to_contain_text("Order cancelled")
        expect(page.locator('section[aria-label="Done by hand"]')).to_contain_text("orders.cancel")
        assert problems == []

    def test_draws_the_dashboard(self, shop: Shop, page: Page, problems: list[str]) -> None:
        shop.place(wait=5)
        log_in(page, shop, "auditor")
        page.wait_for_load_state("networkidle")
        expect(page.locator("canvas.chart")).to_have_count(2)
        page.wait_for_function(
            "[...document.querySelectorAll('canvas.chart')].every(one => {"
            " const pixels = one.getContext('2d').getImageData(0, 0, one.width, one.height).data;"
            " return pixels.some(value => value > 0); })"
        )
        lag = page.locator('section[aria-label="Event lag"]')
        expect(lag.get_by_role("img")).to_have_count(len(lag.locator("dt").all()))
        expect(page.locator('section[aria-label="Payment gateways"]')).to_contain_text("sandbox")
        assert problems == []

    def test_narrows_the_list_with_several_filters(
        self, shop: Shop, page: Page, problems: list[str]
    ) -> None:
        declined = shop.becomes(shop.place("tok_decline").json()["id"], "cancelled")
        log_in(page, shop, "agent")
        page.goto(f"{shop.stack.run['admin_url']}orders/order/?status__exact=cancelled")
        page.locator("#changelist a", has_text="Filters").first.click()
        page.fill("input[name=created_at_from]", "2026-01-01")
        page.get_by_role("button", name="Apply filters").click()
        expect(page.get_by_role("link", name=declined["number"])).to_be_visible()
        assert "status__exact=cancelled" in page.url
        assert "created_at_from=2026-01-01" in page.url
        assert problems == []
