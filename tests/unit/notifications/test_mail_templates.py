"""What mails say, and what cannot be made to stand in them."""

import re

import pytest

from backend.core.errors import InvalidInputError
from backend.core.settings import ROOT
from backend.notifications.mail.addresses import checked_address
from backend.notifications.mail.templates import Rendered, TemplateError, find_template, render, templates
from backend.notifications.preferences import optional_kinds
from components.i18n import catalogue

HOME = "https://premium.example"
NAMES = {
    "verify_email", "reset_password", "password_changed", "email_in_use", "sign_in_code_used", "receipt",
    "payment_failed", "trial_ending", "subscription_changed", "subscription_cancelled", "erasure_scheduled",
    "erasure_done", "export_ready",
}  # fmt: skip


def filled(name: str, **changes: str) -> Rendered:
    template = find_template(name)
    values = {value: f"the {value}" for value in template.values}
    values |= {value: "https://premium.example/x?a=1&b=2" for value in values if value.endswith("link")}
    return render(template, values | changes, HOME)


def test_every_template_that_others_rely_on_is_there():
    assert templates().keys() >= NAMES


@pytest.mark.parametrize("name", sorted(NAMES))
def test_both_bodies_say_everything_and_why_one_gets_them(name: str):
    template = find_template(name)
    mail = filled(name)
    for value in template.values:
        if value != "link":
            assert f"the {value}" in mail.text + mail.subject, value
            assert f"the {value}" in mail.html + mail.subject, value
    assert template.why in mail.text
    assert "{{" not in mail.html + mail.text + mail.subject
    if "link" in template.values:
        assert "\nhttps://premium.example/x?a=1&b=2\n" in mail.text, "a link on a line of its own"
        assert 'href="https://premium.example/x?a=1&amp;b=2"' in mail.html


@pytest.mark.parametrize("name", sorted(NAMES))
def test_nothing_is_loaded_from_anywhere_and_nobody_is_followed(name: str):
    page = filled(name).html
    assert re.findall(r"<(img|script|link|iframe|object|form)\b|url\(|@import|\son[a-z]+=", page) == []
    assert "prefers-color-scheme: dark" in page
    assert '<html lang="en">' in page


def test_values_are_escaped_in_html_only():
    mail = filled("receipt", plan='<b onclick="x">Pro</b> & more')
    assert "&lt;b onclick=&quot;x&quot;&gt;Pro&lt;/b&gt; &amp; more" in mail.html
    assert 'Plan: <b onclick="x">Pro</b> & more' in mail.text


def test_what_a_value_says_is_not_read_as_a_template():
    mail = filled("receipt", plan="{{ link }} {{ body }}")
    assert "Plan: {{ link }} {{ body }}" in mail.text


@pytest.mark.parametrize("nasty", ["Pro\r\nBcc: b@example.com", "Pro\nX: 1", "Pro\x00\x0bX", "Pro\u2028X", "\u202eorP"])
def test_a_subject_is_one_line(nasty: str):
    subject = filled("trial_ending", plan=nasty).subject
    assert subject.isprintable()


def test_a_missing_value_is_an_error_and_one_too_many_is_not():
    with pytest.raises(TemplateError, match="lacks number"):
        render(find_template("receipt"), {"plan": "", "amount": "", "date": "", "link": HOME}, HOME)
    filled("receipt", something="else")


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "//example.com", "https://a b", 'https://a"onclick="', "", "data:text/html,x"]
)
def test_a_link_must_be_a_web_address(link: str):
    with pytest.raises(TemplateError, match="no http"):
        filled("verify_email", link=link)


def test_an_unknown_template_is_an_error():
    with pytest.raises(TemplateError, match="no mail template"):
        find_template("../layout")


@pytest.mark.parametrize(
    ("address", "whole"),
    [
        (" Ann.Lee+x@Example.COM ", "Ann.Lee+x@example.com"),
        ("a@bücher.example", "a@xn--bcher-kva.example"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_addresses_are_made_ascii(address: str, whole: str):
    assert checked_address(address) == whole


@pytest.mark.parametrize(
    "address",
    [
        "", "a", "@example.com", "a@", "a@b", "a@@example.com", "a b@example.com", "a@exa mple.com", "a..b@example.com",
        ".a@example.com", "a@-example.com", "a@example..com", "a@example.com\nBcc: b@example.com", "a\r\n@example.com",
        "<a@example.com>", "a@example.com,b@example.com", "a@127.0.0.1", f"{'a' * 65}@example.com",
        f"a@{'b' * 64}.com", f"{'a' * 60}@{'.'.join(['b' * 60] * 4)}.com", "ä@example.com", '"a b"@example.com',
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str):
    with pytest.raises(InvalidInputError):
        checked_address(address)


def test_the_page_about_mails_names_every_template_and_what_it_needs():
    listed = re.findall(r"^\| `(\w+)` \| (.*?) \|", (ROOT / "docs" / "mail.md").read_text(), re.MULTILINE)
    assert {name: tuple(re.findall(r"`(\w+)`", values)) for name, values in listed} == {
        template.name: template.values for template in templates().values()
    }


def test_every_kind_that_can_be_switched_off_has_words_on_the_page():
    for kind in optional_kinds():
        assert {f"notifications.mail_{kind}", f"notifications.mail_{kind}_text"} <= catalogue().keys()
