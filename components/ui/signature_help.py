"""How a receiver checks that a webhook is ours: what to do, and the code of it in two languages.

The code is what docs/api.md shows; a test runs both against a message that the product signed.
"""

import reflex as rx

from components.i18n import t
from components.ui.code_block import code_block
from components.ui.icon import icon

PYTHON = """\
import hashlib, hmac, time


def is_ours(secret: str, headers: dict[str, str], body: bytes) -> bool:
    timestamp = headers["X-Webhook-Timestamp"]
    expected = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    fresh = abs(time.time() - int(timestamp)) < 300
    given = headers["X-Webhook-Signature"].split(",")
    return fresh and any(hmac.compare_digest(f"sha256={expected}", one) for one in given)
"""
NODE = """\
import { createHmac, timingSafeEqual } from "node:crypto";

// `headers` as Node gives them, in lower case; `body` the raw Buffer.
export const isOurs = (secret, headers, body) => {
  const timestamp = headers["x-webhook-timestamp"];
  const hash = createHmac("sha256", secret).update(`${timestamp}.`).update(body).digest("hex");
  const expected = Buffer.from(`sha256=${hash}`);
  const fresh = Math.abs(Date.now() / 1000 - Number(timestamp)) < 300;
  const given = headers["x-webhook-signature"].split(",").map((one) => Buffer.from(one));
  return fresh && given.some((one) => one.length === expected.length && timingSafeEqual(one, expected));
};
"""


def signature_help() -> rx.Component:
    """Return a line that opens to the explanation."""
    return rx.el.details(
        rx.el.summary(
            icon("chevron-right", class_name="transition-transform duration-150 group-open:rotate-90"),
            t("signature.how"),
            class_name="flex items-center gap-1.5 min-h-6 max-md:min-h-11 text-13 font-strong list-none",
        ),
        rx.el.div(
            rx.el.ol(
                rx.el.li(t("signature.raw")),
                rx.el.li(t("signature.compare")),
                rx.el.li(t("signature.fresh")),
                rx.el.li(t("signature.once")),
                class_name="list-decimal pl-5 flex flex-col gap-1 text-13 text-ink-2",
            ),
            rx.el.h3("Python", class_name="text-13 font-strong"),
            code_block(PYTHON, t("signature.code", language="Python")),
            rx.el.h3("Node.js", class_name="text-13 font-strong"),
            code_block(NODE, t("signature.code", language="Node.js")),
            class_name="flex flex-col gap-3 mt-3 min-w-0",
        ),
        class_name="group min-w-0",
    )
