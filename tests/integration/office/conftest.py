"""People of the office, already at their desks."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy.orm import sessionmaker
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app.domain.contacts import refold
from app.installation import Installation
from app.scope import ScopedSession
from app.settings import Settings
from models import Contact
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


@pytest.fixture
def merino(make: Make) -> Contact:
    return make.contact(name="Instalaciones Merino, S.L.", email="lucia@merino.example")


@pytest.fixture
def nunez(make: Make) -> Contact:
    return make.contact(name="Transportes Núñez, S.L.", tax_id="A58818501", email="pilar@nunez.example")


@pytest.fixture
def shop(db: ScopedSession, make: Make) -> Contact:
    """What an invoice needs: a customer, a series, a tax and an article."""
    make.tax()
    make.series(label="FV26", next_number=447, first_number=400, is_default=True)
    make.product(code="CB-0625", name="Cable RZ1-K 3×6 mm²", unit_price=Decimal("4.2"))
    contact = make.contact(name="Instalaciones Merino, S.L.", payment_days="30,60")
    contact.code = "00217"
    refold(contact)
    db.commit()
    return contact
