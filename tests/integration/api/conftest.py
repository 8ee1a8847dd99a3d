"""Programs with keys of the home company."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import sessionmaker
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app.domain.api_keys import scopes_of
from app.installation import Installation
from app.scope import ScopedSession
from app.settings import Settings
from models import Contact
from models.enums import Role
from tests.factories import Make
from tests.rig.desk import Desk, seat
from tests.rig.robot import Robot, key_for

Build = Callable[..., Robot]


@pytest.fixture
def build(application: Starlette, settings: Settings, db: ScopedSession, make: Make) -> Build:
    """``build(Role.READER)``: a program of somebody with that role. Commits what the test has made so far."""

    def build(role: Role = Role.ADMINISTRATOR, scopes: Any = None, **values: Any) -> Robot:
        user = make.user(role)
        key = key_for(db, user, tuple(scopes or scopes_of(role)), **values)
        db.commit()
        client = TestClient(application, base_url=settings.base_url, follow_redirects=False)
        return Robot(client, key)

    return build


@pytest.fixture
def robot(build: Build) -> Robot:
    """One that may do everything."""
    return build()


@pytest.fixture
def desk(
    application: Starlette,
    installation: Installation,
    settings: Settings,
    make_session: sessionmaker[ScopedSession],
    db: ScopedSession,
    make: Make,
) -> Desk:
    """An administrator in the office."""
    user = make.user()
    db.commit()
    client = TestClient(application, base_url=settings.base_url, follow_redirects=False)
    return seat(client, installation, make_session, user)


@pytest.fixture
def shop(db: ScopedSession, make: Make) -> Contact:
    """What an invoice needs: a customer, a series and a tax."""
    make.tax()
    make.series(label="FV26", is_default=True)
    contact = make.contact(name="Instalaciones Merino, S.L.", payment_days="30,60")
    db.commit()
    return contact
