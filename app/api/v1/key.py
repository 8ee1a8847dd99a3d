"""The key itself: whose it is and what it may do."""

import datetime as dt

from msgspec import Struct

from app.api.endpoint import Call, reading
from app.scope import ScopedSession
from models.enums import ApiScope

TAG = ("key", "La propia clave")


class KeyCompany(Struct, kw_only=True):
    name: str
    tax_id: str
    intranet: str


class KeyDetail(Struct, kw_only=True):
    """``scopes``: what it may do now, which is never more than its maker may. ``is_current``: not an earlier secret."""

    name: str
    prefix: str
    user: str
    company: KeyCompany
    scopes: list[ApiScope]
    requests_per_minute: int
    expires_at: dt.datetime | None
    is_current: bool


@reading("/key", summary="Qué empresa es y qué permisos tiene esta clave", scope=ApiScope.READ, answer=KeyDetail)
def show(db: ScopedSession, call: Call) -> KeyDetail:
    program = call.program
    company = KeyCompany(
        name=program.company_name,
        tax_id=program.company_tax_id,
        intranet=call.installation.intranet(program.company_slug),
    )
    return KeyDetail(
        name=program.key_name,
        prefix=program.prefix,
        user=program.user_name,
        company=company,
        scopes=[scope for scope in ApiScope if scope in program.scopes],
        requests_per_minute=program.per_minute,
        expires_at=program.expires_at,
        is_current=program.is_current,
    )


endpoints = (show,)
