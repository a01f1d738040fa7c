"""Every route asks who is asking, or says why it does not have to."""

from collections.abc import Iterator
from typing import Any

from backend.api.app import create_app
from backend.api.auth import PUBLIC_MARK, current_user

# FastAPI's own: the description of the API, with nothing of anybody in it.
OF_FASTAPI = {"/openapi.json"}


def routes(found: Any) -> Iterator[Any]:
    for route in found:
        if hasattr(route, "endpoint"):
            yield route
        else:
            yield from routes(getattr(route, "original_router", route).routes)


def dependencies(dependant: Any) -> Iterator[Any]:
    yield dependant.call
    for inner in dependant.dependencies:
        yield from dependencies(inner)


def test_every_route_asks_or_says_why_not() -> None:
    asking, public, neither = [], {}, []
    for route in routes(create_app().routes):
        name = f"{sorted(getattr(route, 'methods', None) or ['WS'])} {route.path}"
        why = getattr(route.endpoint, PUBLIC_MARK, "")
        asks = hasattr(route, "dependant") and current_user in set(dependencies(route.dependant))
        if asks:
            asking.append(name)
        if why:
            public[name] = why
        if not asks and not why and route.path not in OF_FASTAPI:
            neither.append(name)
        assert not (asks and why), f"{name} asks and is marked as public"
    assert neither == []
    assert len(asking) > 20 and len(public) > 10
    assert all(len(why) > 8 for why in public.values())
