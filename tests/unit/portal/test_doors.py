"""Every address of the portal goes through a door that says for whom it is."""

from starlette.routing import Route

from app.portal import routes
from app.portal.doors import Audience, Doorway

PUBLIC = {
    "/in/{slug}/entrar",
    "/in/{slug}/salir",
    "/in/{slug}/seguir",
    "/in/{slug}/activar/{token}",
    "/in/{slug}/activar/{token}/otro",
    "/in/{slug}/clave",
    "/in/{slug}/clave/{token}",
    "/in/{slug}/clave/{token}/otro",
    "/in/{slug}/aspecto.css",
    "/in/{slug}/logo",
    "/in/{slug}/ver/{secret}",
    "/in/{slug}/{rest:path}",
}


def audiences() -> dict[str, set[Audience]]:
    found: dict[str, set[Audience]] = {}
    for route in routes:
        assert isinstance(route, Route)
        assert isinstance(route.endpoint, Doorway)
        found.setdefault(route.path, set()).add(route.endpoint.audience)
    return found


def test_only_these_are_open_to_everybody() -> None:
    assert {path for path, audience in audiences().items() if Audience.PUBLIC in audience} == PUBLIC


def test_an_address_has_one_audience() -> None:
    assert {path: len(audience) for path, audience in audiences().items() if len(audience) > 1} == {}


def test_reading_and_writing_are_apart() -> None:
    both = [
        route.path
        for route in routes
        if isinstance(route, Route) and {"GET", "POST"} <= (route.methods or set()) and "{rest:path}" not in route.path
    ]

    assert both == []
