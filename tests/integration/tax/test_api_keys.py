"""API keys at `/v1/tax`: what reads asks for `read:tax`, what changes for `write:tax`, and no other scope opens it."""

from typing import Any

from tests.integration.api.conftest import Api, Client

ONLY_PEOPLE = {"/v1/tax/filers/{jurisdiction}"}
READS_BY_POST = {"/v1/tax/optimization/what-if", "/v1/tax/rules/preview"}


async def key_client(api: Api, owner: Client, *scopes: str) -> Client:
    key = (await owner.post("/v1/api-keys", json={"name": "K", "scopes": list(scopes)})).data
    return api.client_with(Authorization=f"Bearer {key['secret']}")


def routes(spec: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return method, path and the scope that it must ask for."""
    return [
        (method.upper(), path, "read:tax" if method == "get" or path in READS_BY_POST else "write:tax")
        for path, methods in spec["paths"].items()
        if path.startswith("/v1/tax/") and path not in ONLY_PEOPLE
        for method in methods
    ]


async def test_every_route_asks_for_the_scope_of_what_it_does(api: Api):
    owner = api.client_of(await api.new_user("enterprise"))
    readers = {scope: await key_client(api, owner, scope) for scope in ("read:tax", "write:tax", "read:portfolio")}
    found = routes((await api.anonymous.get("/openapi.json")).json)
    assert len(found) > 40
    for method, path, scope in found:
        for mine, client in readers.items():
            sent = path.replace("{", "").replace("}", "")
            reply = await client.send(method, sent, json=None if method == "GET" else {})
            refused = reply.status == 403
            assert refused == (mine != scope), (method, path, mine, reply.status)
            if refused:
                assert reply.error["details"] == {"scope": scope}
