"""Loading the sample: the companies first, then each with all it has in one transaction. Safe to repeat and to kill."""

import datetime as dt
from collections.abc import Callable
from contextlib import suppress

from msgspec.structs import replace
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app import clock
from app.demo.companies import ADMIN_EMAIL, FERRER, TOSMA, hire, open_companies
from app.demo.credentials import Credentials, credentials_of, write_credentials
from app.demo.filling import INVOICES, Filling, fill_ferrer, fill_tosma
from app.demo.people import DEMO_EMAIL
from app.demo.timeline import Timeline
from app.domain.api_keys import CreateApiKey, create_api_key, find_program, live_keys, revoke_api_key
from app.domain.locking import lock_company
from app.errors import Refusal
from app.installation import Installation
from app.scope import SYSTEM, Actor, CompanyScope, ScopedSession
from app.secrets import hash_password, new_password
from app.texts import _
from models import Company, Contact, PortalAccount, StaffUser
from models.enums import ApiScope

ACTOR = Actor("Datos de muestra")
KEY_NAME = "Demostración"
Say = Callable[[str], None]


class NotForDemonstration(Refusal):
    code = "not_for_demonstration"

    def __init__(self) -> None:
        super().__init__(
            _("Esta base de datos ya tiene empresas de verdad: la demostración necesita una para ella sola.")
        )


def load_demo(
    installation: Installation, say: Say, *, today: dt.date | None = None, invoices: int = INVOICES
) -> Credentials:
    """Load what is missing of the sample and return how to get in.

    Passwords are made with the data directory and kept; they are only hashed again when their file was lost.
    """
    credentials = credentials_of(installation.settings)
    hashes = {email: hash_password(password) for email, password in credentials.passwords.items()}
    nobody = hash_password(new_password())
    timeline = Timeline(today or clock.today())
    companies = _open(installation, timeline, hashes[ADMIN_EMAIL])
    for company, fill in zip(companies, (fill_tosma, fill_ferrer), strict=True):
        filling = Filling(
            installation=installation,
            company=company,
            timeline=timeline,
            demo_password=hashes[DEMO_EMAIL],
            nobody=nobody,
            invoices=invoices,
        )
        _fill(installation, filling, fill, say)
    if credentials.is_new:
        _set_passwords(installation, companies[0].id, hashes)
    credentials = replace(credentials, api_key=_working_key(installation, companies[0].id, credentials.api_key))
    write_credentials(credentials)
    return replace(credentials, is_new=False)


def _working_key(installation: Installation, company_id: int, known: str) -> str:
    """The key in the file if it opens; else another one of the administrator's, instead of the one that was lost."""
    with installation.database.read(SYSTEM) as db:
        if known and find_program(db.connection(), known) is not None:
            return known

    def make(db: ScopedSession) -> str:
        user_id = db.scalars(select(StaffUser.id).where(StaffUser.email == ADMIN_EMAIL)).one()
        for lost in live_keys(db, user_id):
            if lost.name == _(KEY_NAME):
                revoke_api_key(db, lost.id, user_id)
        wanted = CreateApiKey(user_id=user_id, name=_(KEY_NAME), scopes=list(ApiScope), expires_at=None)
        return create_api_key(db, wanted).secret

    return installation.database.run(CompanyScope(company_id), make, ACTOR)


def _open(installation: Installation, timeline: Timeline, admin_hash: str) -> list[Company]:
    """Both sample companies, made now unless they are there. Raises ``NotForDemonstration``."""

    def open_both(db: ScopedSession) -> None:
        hire(db, open_companies(db, timeline.years, clock.now()), admin_hash)

    if not (found := _sample_companies(installation)):
        with suppress(IntegrityError):  # another one was doing the same at this moment
            installation.database.run(SYSTEM, open_both, ACTOR)
        found = _sample_companies(installation)
    return found


def _sample_companies(installation: Installation) -> list[Company]:
    tax_ids = [sample.opening.tax_id for sample in (TOSMA, FERRER)]
    with installation.database.read(SYSTEM) as db:
        companies = db.scalars(select(Company).order_by(Company.id)).all()
    found = [company for company in companies if company.tax_id in tax_ids]
    if companies and len(found) < len(tax_ids):
        raise NotForDemonstration
    return sorted(found, key=lambda company: tax_ids.index(company.tax_id))


def _fill(
    installation: Installation, filling: Filling, fill: Callable[[ScopedSession, Filling], str], say: Say
) -> None:
    scope = CompanyScope(filling.company.id)
    if _is_filled(installation, scope):
        return
    say(_("Cargando los datos de muestra de %(empresa)s…") % {"empresa": filling.company.name})
    filling.keep_files()
    with installation.database.write(scope, ACTOR) as db:
        company = lock_company(db)
        if db.scalar(select(Contact.id).limit(1)) is not None:
            return  # another one was doing the same at this moment
        told = fill(db, replace(filling, company=company))
    say("  " + told)


def _is_filled(installation: Installation, scope: CompanyScope) -> bool:
    with installation.database.read(scope) as db:
        return db.scalar(select(Contact.id).limit(1)) is not None


def _set_passwords(installation: Installation, company_id: int, hashes: dict[str, str]) -> None:
    with installation.database.write(SYSTEM) as db:
        db.execute(update(StaffUser).where(StaffUser.email == ADMIN_EMAIL).values(password_hash=hashes[ADMIN_EMAIL]))
        db.execute(
            update(PortalAccount)
            .where(PortalAccount.company_id == company_id, PortalAccount.email == DEMO_EMAIL)
            .values(password_hash=hashes[DEMO_EMAIL])
        )
