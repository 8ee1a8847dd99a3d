"""What our office leans on in SQLAdmin, one test each: a release that changes it fails here, not on a screen."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from sqladmin import Admin, BaseView, Flash, ModelView, action, expose
from sqladmin.authentication import AuthenticationBackend
from sqladmin.authorization import Action, GrantsAuthorizationBackend
from sqladmin.flash import get_flashed_messages
from sqladmin.models import ModelViewMeta
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient

NOBODY, SOMEBODY = {"x-who": "nobody"}, {"x-who": "clerk"}


class Base(DeclarativeBase):
    pass


class Slip(Base):
    __tablename__ = "slips"

    id: Mapped[int] = mapped_column(primary_key=True)


class SlipView(ModelView, model=Slip):
    can_delete = False

    @action("stamp", label="Sellar")
    async def stamp(self, request: Request) -> Response:
        return PlainTextResponse("stamped")

    @expose("/shelf", methods=["GET", "POST"])
    async def shelf(self, request: Request) -> Response:
        return PlainTextResponse(request.method)


class CornerView(BaseView):
    name = "Corner"

    @expose("/corner", identity="corner")
    async def corner(self, request: Request) -> Response:
        return PlainTextResponse("corner")


class Authentication(AuthenticationBackend):
    def __init__(self) -> None:
        self.middlewares = []

    async def authenticate(self, request: Request) -> Response | bool:
        return PlainTextResponse("sign in first", 401) if request.headers["x-who"] == "nobody" else True


class Authorization(GrantsAuthorizationBackend):
    async def get_grants(self, request: Request) -> set[tuple[str, str]]:
        everything = {("slip", "list"), ("slip", "action:stamp"), ("corner", "list")}
        return everything if request.headers["x-who"] == "clerk" else {("corner", "list")}


class Desk(Admin):
    templates_asked = 0

    def init_templating_engine(self) -> Any:
        type(self).templates_asked += 1
        return super().init_templating_engine()


@pytest.fixture
def maker() -> sessionmaker[Any]:
    return sessionmaker(create_engine("sqlite://"))


@pytest.fixture
def admin(maker: sessionmaker[Any]) -> Admin:
    made = Desk(
        Starlette(),
        session_maker=maker,
        authentication_backend=Authentication(),
        authorization_backend=Authorization(),
    )
    made.add_view(SlipView)
    made.add_view(CornerView)
    return made


@pytest.fixture
def client(admin: Admin) -> Iterator[TestClient]:
    with TestClient(admin.app) as client:
        yield client


def request_of(who: str) -> Request:
    return Request({"type": "http", "headers": [(b"x-who", who.encode())], "session": {}, "query_string": b""})


def test_identity_comes_from_the_model_until_a_metaclass_says_otherwise() -> None:
    class Own(ModelViewMeta):
        def __new__(mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any], **options: Any) -> Any:
            view: Any = super().__new__(mcs, name, bases, attrs, **options)
            view.identity = "paper"
            return view

    class OwnView(ModelView, metaclass=Own, model=Slip):
        pass

    assert (SlipView.identity, OwnView.identity) == ("slip", "paper")


def test_actions_and_exposed_pages_are_added_to_the_routes_of_the_mount(admin: Admin, client: TestClient) -> None:
    paths = {route.path for route in admin.admin.router.routes if hasattr(route, "path")}

    assert {"/slip/action/stamp", "/slip/shelf", "/corner"} <= paths
    assert client.get("/admin/slip/action/stamp", headers=SOMEBODY).text == "stamped"
    assert client.post("/admin/slip/action/stamp", headers=SOMEBODY).status_code == 405
    assert client.post("/admin/slip/shelf", headers=SOMEBODY).text == "POST"
    assert client.get("/admin/corner", headers=SOMEBODY).text == "corner"


def test_the_backends_stand_before_actions_and_exposed_pages(client: TestClient) -> None:
    for path in ("slip/action/stamp", "slip/shelf", "corner"):
        assert client.get(f"/admin/{path}", headers=NOBODY).status_code == 401
    assert client.get("/admin/slip/action/stamp", headers={"x-who": "guest"}).status_code == 403
    assert client.get("/admin/slip/shelf", headers={"x-who": "guest"}).status_code == 403


def test_routes_and_error_pages_of_the_mount_may_be_replaced(admin: Admin, client: TestClient) -> None:
    admin.admin.router.routes = []
    admin.admin.exception_handlers = {
        HTTPException: lambda request, error: PlainTextResponse("ours", error.status_code)
    }

    admin.add_view(type("LateView", (SlipView,), {}, model=Slip))  # type: ignore[call-overload]

    assert client.get("/admin/slip/list", headers=SOMEBODY).text == "ours"
    assert client.get("/admin/slip/shelf", headers=SOMEBODY).text == "GET"


def test_a_view_is_found_by_its_identity_and_only_a_view_of_rows(admin: Admin) -> None:
    assert isinstance(admin._find_model_view("slip"), SlipView)
    for unknown in ("corner", "nothing"):
        with pytest.raises(HTTPException) as refused:
            admin._find_model_view(unknown)
        assert refused.value.status_code == 404


def test_grants_decide_what_a_view_offers(admin: Admin) -> None:
    view = admin._find_model_view("slip")

    async def seen_by(who: str) -> tuple[bool, bool, bool, dict[str, str]]:
        request = request_of(who)
        request.state.permissions = None
        await Authorization().load(request)
        return (
            view.is_accessible(request),
            await view.check_can_list(request),
            view.has_permission(request, "action:stamp"),
            view._visible_custom_actions(request),
        )

    assert asyncio.run(seen_by("clerk")) == (True, True, True, {"stamp": "Sellar"})
    assert asyncio.run(seen_by("guest")) == (False, False, False, {})


def test_a_view_names_the_actions_that_open_it(admin: Admin) -> None:
    opening = set(admin._find_model_view("slip")._authorization_actions())

    assert {str(Action.LIST), str(Action.CREATE), "action:stamp"} <= {str(one) for one in opening}
    assert str(Action.DELETE) not in {str(one) for one in opening}


def test_our_own_templates_are_asked_for_once() -> None:
    Desk.templates_asked = 0

    Desk(Starlette(), create_engine("sqlite://"))

    assert Desk.templates_asked == 1


def test_it_changes_the_maker_of_sessions_it_is_given(maker: sessionmaker[Any], admin: Admin) -> None:
    assert maker.kw["autoflush"] is False


def test_messages_are_kept_in_the_session_and_read_once() -> None:
    request = request_of("clerk")

    Flash.success(request, "Guardado.")
    Flash.error(request, "No se puede.")
    told = [(found["message"], found["category"]) for found in get_flashed_messages(request)]

    assert told == [("Guardado.", "success"), ("No se puede.", "danger")]
    assert get_flashed_messages(request) == []
