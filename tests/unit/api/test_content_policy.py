"""What a document may run: its own inline scripts by their hash, and nothing else."""

import base64
import hashlib
from pathlib import Path

from backend.api.content_policy import PagePolicies, form_targets, page_policy, script_hashes
from backend.core.settings import Settings


def settings(**changes: object) -> Settings:
    return Settings(_env_file=None, **changes)  # pyright: ignore


def hash_of(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def directives(policy: str) -> dict[str, list[str]]:
    return {name: sources for name, *sources in (part.split() for part in policy.split("; "))}


def test_inline_scripts_are_named_by_what_the_browser_hashes() -> None:
    html = (
        '<head><script>one("é")</script><script src="/boot.js"></script><script type="module" async="">two()\n</script>'
        '<script data-x="a>b">three()</script><script>one("é")</script></head>'
    )
    assert script_hashes(html) == [hash_of('one("é")'), hash_of("two()\n"), hash_of("three()")]


def test_a_page_runs_no_other_script_and_evaluates_nothing() -> None:
    policy = directives(page_policy(settings(public_url="https://app.example"), ["'sha256-x'"]))
    assert policy["script-src"] == ["'self'", "'sha256-x'"]
    assert policy["script-src-attr"] == policy["object-src"] == policy["frame-ancestors"] == ["'none'"]
    assert policy["frame-src"] == ["'self'"], "PDFs of ours, and nobody else's pages"
    assert policy["connect-src"] == ["'self'", "wss://app.example"]
    assert "unsafe-eval" not in str(policy)


def test_forms_lead_to_us_to_payments_and_to_the_sign_in_of_others() -> None:
    live = settings(stripe_secret_key="sk_live_x", google_client_id="g", github_client_id="h")
    assert form_targets(live) == [
        "https://checkout.stripe.com",
        "https://billing.stripe.com",
        "https://accounts.google.com",
        "https://github.com",
    ]
    assert form_targets(settings(test_payments_port=1234)) == ["http://localhost:1234", "http://127.0.0.1:1234"]


def test_each_page_has_the_policy_of_its_own_file(tmp_path: Path) -> None:
    for name, script in (("index", "a()"), ("alerts/index", "b()"), ("404", "c()"), ("__spa-fallback", "d()")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.html").write_text(f"<script>{script}</script>")
    policies = PagePolicies(settings(), tmp_path)

    def scripts(path: str, status: int = 200) -> list[str]:
        return directives(policies.of(path, status))["script-src"][1:]

    assert scripts("/") == [hash_of("a()")]
    assert scripts("/alerts/") == scripts("/alerts") == [hash_of("b()")]
    for path, status in (("/nothing/here/", 404), ("/alerts/", 404), ("/../../etc/passwd", 404), ("/nothing", 200)):
        assert scripts(path, status) == [hash_of("c()"), hash_of("d()")] or status == 200
    assert scripts("/odd", 200) == [hash_of("c()"), hash_of("d()")]


def test_without_built_pages_nothing_inline_runs() -> None:
    assert directives(PagePolicies(settings(), None).of("/", 200))["script-src"] == ["'self'"]
