"""Every address that a browser test should have seen, and what says that a page has loaded.

Pages of the table that stand nowhere here are seen as well, as `DEFAULT` says.
"""

from premium_app.routes import PAGES

DEFAULT = "main section, main form, main article, main h1"
# Where more can be said of a page than that it is there, and addresses whose query makes a page of its own.
STATES = {
    "/dev/mail/": "text=No mail leaves this machine",
    "/": "text=WETH",
    "/portfolio/?range=24h": "main section",
    "/portfolio/asset/?chain=31337&token=native": "main section",
    "/alerts/": "main article",
    "/alerts/?tab=rules": "main section",
    "/alerts/?tab=live": "main section",
    "/alerts/history/?type=whale": "main section",
    "/alerts/new/?kind=price": "main form",
    "/alerts/new/?kind=whale": "main form",
    "/alerts/new/?template=price-move": "main form",
    "/alerts/analytics/?unit=week": "main section",
    "/alerts/rules/018f0000-0000-7000-8000-000000000001/": "main section",
    "/settings/notifications/": "text=Receipts",
    "/settings/channels/": "text=Push to this browser",
    "/settings/privacy/": "text=Delete account",
    "/settings/billing/": "text=No invoices yet",
    "/settings/billing/?enterprise=1": "dialog[open] #company",
    "/pricing/?interval=year": "main table",
    "/checkout/return/?session_id=cs_test_none": "text=There is no such checkout",
    "/no-such-page/": "text=There is no such page",
}
# Those who are signed in do not stay on these.
ENTRANCE = {
    "/sign-in/?error=credentials": "text=Use the demo account",
    "/sign-up/": DEFAULT,
    "/forgot-password/": DEFAULT,
    "/reset-password/": DEFAULT,
    "/verify-email/": DEFAULT,
}
OPEN_TO_ALL = {
    "/pricing/": "main table",
    "/no-such-page/": STATES["/no-such-page/"],
    "/dev/mail/": STATES["/dev/mail/"],
}


def _path(address: str) -> str:
    return address.split("?")[0]


def of_a_member() -> dict[str, str]:
    """Return the addresses that somebody who is signed in may see, with a selector of what is there then."""
    seen = {_path(address) for address in (*STATES, *ENTRANCE)}
    routes = [page.route if page.route.endswith("/") else f"{page.route}/" for page in PAGES if "[" not in page.route]
    return STATES | {route: DEFAULT for route in routes if route not in seen and route != "/404/"}


def of_a_stranger() -> dict[str, str]:
    """Return the addresses that a stranger may see."""
    return ENTRANCE | OPEN_TO_ALL
