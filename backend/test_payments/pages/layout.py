"""The frame of every hosted page: a quiet page that says it is a test, in light and dark, without any script."""

import secrets
from html import escape

from starlette.responses import HTMLResponse

from backend.core.clock import from_unix

_STYLE = """
:root { color-scheme: light dark; --ground: #f6f7f9; --card: #fff; --line: #d5d9e0; --text: #16191f; --quiet: #555c69;
  --accent: #3447c9; --on-accent: #fff; --bad: #a3161f; --good: #14663b; --note: #6b4a00; --note-ground: #fff3d6; }
@media (prefers-color-scheme: dark) { :root { --ground: #101216; --card: #191c22; --line: #363b45; --text: #eceef2;
  --quiet: #a5adba; --accent: #a9b4ff; --on-accent: #12142b; --bad: #ff9aa0; --good: #7fd6a4; --note: #ffdf9b;
  --note-ground: #33290f; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
.note { background: var(--note-ground); color: var(--note); padding: .5rem 1rem; text-align: center; font-weight: 600; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: .5rem 0 1rem; } h2 { font-size: 1.1rem; margin: 0 0 .75rem; }
.two { display: grid; gap: 1.5rem; align-items: start; }
@media (min-width: 48rem) { .two { grid-template-columns: 5fr 6fr; } }
section, .card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem; }
section + section { margin-top: 1.25rem; } .two section + section { margin-top: 0; }
p { margin: 0 0 .75rem; } .quiet { color: var(--quiet); } .price { font-size: 2rem; font-weight: 650; margin: 0; }
label { display: block; font-weight: 600; margin: 0 0 .25rem; } .field { margin-bottom: 1rem; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
input, select { width: 100%; min-height: 2.75rem; padding: .5rem .75rem; font: inherit; color: var(--text);
  background: var(--ground); border: 1px solid var(--quiet); border-radius: .5rem; }
button, .button { display: inline-block; min-height: 2.75rem; padding: .6rem 1.1rem; border: 1px solid var(--accent);
  border-radius: .5rem; background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600;
  text-decoration: none; cursor: pointer; }
.second { background: transparent; color: var(--accent); } .wide { width: 100%; text-align: center; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
a { color: var(--accent); } .bad { color: var(--bad); } .good { color: var(--good); }
.problem { border-left: .25rem solid var(--bad); padding-left: .75rem; }
.rows { width: 100%; border-collapse: collapse; } .rows th, .rows td { text-align: left; padding: .5rem .75rem .5rem 0;
  border-top: 1px solid var(--line); vertical-align: top; } .rows thead th { border-top: 0; color: var(--quiet); }
.rows .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; padding-right: 0; }
.rows .below td { border-top: 0; padding-top: 0; }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; align-items: center; } .actions form { margin: 0; }
.scroll { overflow-x: auto; } details { margin-top: 1rem; }
summary { cursor: pointer; min-height: 2.75rem; padding: .6rem 0; }
code { font-family: ui-monospace, monospace; }
"""


def page(title: str, content: str, *, status: int = 200) -> HTMLResponse:
    """Return a whole page; `content` is HTML of ours."""
    nonce = secrets.token_urlsafe(16)
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f'<title>{escape(title)} · Test payments</title><style nonce="{nonce}">{_STYLE}</style></head><body>'
        f'<header class="note">Test payments - no real money</header><main>{content}</main></body></html>'
    )
    headers = {
        "Content-Security-Policy": f"default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none';"
        " frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(html, status, headers)


def gone(words: str, back: str | None = None) -> HTMLResponse:
    """Return the page for a link that leads nowhere any more."""
    link = f'<p><a href="{escape(back)}">Go back</a></p>' if back else ""
    return page("Not available", f"<h1>This page is not available</h1><p>{escape(words)}</p>{link}", status=404)


def money(cents: int) -> str:
    """Return an amount in US dollars, such as $25.00 or -$3.20."""
    return f"{'-' if cents < 0 else ''}${abs(cents) / 100:,.2f}"


def day(at: int) -> str:
    """Return a date in UTC, such as 25 Nov 2026."""
    return from_unix(at).strftime("%d %b %Y").lstrip("0")


def every(price: dict) -> str:
    """Return how often a price is paid, such as "per month"."""
    recurring = price["recurring"]
    count = recurring["interval_count"]
    return f"per {recurring['interval']}" if count == 1 else f"every {count} {recurring['interval']}s"


def field(name: str, label: str, value: str = "", *, problem: str = "", **attributes: str) -> str:
    """Return a labelled input; `problem` stands under it and is tied to it."""
    extra = "".join(f' {key.replace("_", "-")}="{escape(each)}"' for key, each in attributes.items())
    wrong = f' aria-invalid="true" aria-describedby="{name}-problem"' if problem else ""
    below = f'<p class="bad" id="{name}-problem">{escape(problem)}</p>' if problem else ""
    return (
        f'<div class="field"><label for="{name}">{escape(label)}</label>'
        f'<input id="{name}" name="{name}" value="{escape(value)}"{wrong}{extra}>{below}</div>'
    )


def card_fields(given: dict[str, str], problem: tuple[str, str] = ("", "")) -> str:
    """Return the inputs of a card; `problem` is the field and what is wrong. Numbers are not repeated."""
    at = {problem[0]: problem[1]}
    return (
        field(
            *("number", "Card number"),
            problem=at.get("number", ""),
            inputmode="numeric",
            autocomplete="off",
            placeholder="4242 4242 4242 4242",
            required="",
        )
        + '<div class="pair">'
        + field(
            *("expiry", "Expiry (MM / YY)", given.get("expiry", "")),
            problem=at.get("expiry", ""),
            placeholder="12 / 34",
            autocomplete="off",
            required="",
        )
        + field(
            *("cvc", "Security code"),
            problem=at.get("cvc", ""),
            inputmode="numeric",
            placeholder="123",
            autocomplete="off",
            required="",
        )
        + "</div>"
    )


CARDS_TABLE = (
    '<details><summary>Cards to test with</summary><div class="scroll"><table class="rows"><thead><tr>'
    '<th scope="col">Number</th><th scope="col">What happens</th></tr></thead><tbody>'
    "<tr><td><code>4242 4242 4242 4242</code></td><td>is paid</td></tr>"
    "<tr><td><code>4000 0000 0000 0341</code></td><td>is taken now, fails at every renewal</td></tr>"
    "<tr><td><code>4000 0000 0000 0002</code></td><td>is declined</td></tr>"
    "<tr><td><code>4000 0000 0000 9995</code></td><td>has insufficient funds</td></tr>"
    '</tbody></table></div><p class="quiet">Any date in the future, any security code.</p></details>'
)


def submit(action: str, label: str, fields: dict[str, str] | None = None, *, second: bool = False) -> str:
    """Return a form of one button."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in (fields or {}).items()
    )
    kind = ' class="second"' if second else ""
    return f'<form method="post" action="{escape(action)}">{hidden}<button{kind}>{escape(label)}</button></form>'
