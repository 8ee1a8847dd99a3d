"""People of the office, already at their desks."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import sessionmaker
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app.installation import Installation
from app.scope import ScopedSession
from app.settings import Settings
from models.enums import Role
from tests.factories import Make
from tests.rig.desk import Desk, seat

Sit = Callable[..., Desk]


@pytest.fixture
def sit(
    application: Starlette,
    installation: Installation,
    settings: Settings,
    make_session: sessionmaker[ScopedSession],
    db: ScopedSession,
    make: Make,
) -> Sit:
    """``sit(Role.READER)``: the desk of somebody with that role. Commits what the test has made so far."""

    def sit(role: Role = Role.ADMINISTRATOR) -> Desk:
        user = make.user(role)
        db.commit()
        client = TestClient(application, base_url=settings.base_url, follow_redirects=False)
        return seat(client, installation, make_session, user)

    return sit


@pytest.fixture
def desk(sit: Sit) -> Desk:
    """An administrator's."""
    return sit()
