"""Document templates: named looks whose every change is a new version, so that what was published keeps its own."""

import datetime as dt

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import select

from app.domain.files import kept
from app.errors import InvalidValue, NotFound, Refusal
from app.scope import ScopedSession
from app.texts import _
from models import Company, DocumentTemplate, StoredFile, TemplateVersion

OPTIONAL_COLUMNS = frozenset({"code", "discount", "tax"})
DEFAULT_COLUMNS = "code,discount,tax"


class TemplateArchived(Refusal):
    code = "template_archived"

    def __init__(self, name: str) -> None:
        super().__init__(_("La plantilla «%(nombre)s» está archivada. Elija otra.") % {"nombre": name})


class DefaultTemplate(Refusal):
    """Publishing needs one."""

    code = "default_template"

    def __init__(self) -> None:
        super().__init__(_("Es la plantilla por defecto. Elija antes otra por defecto y después archive esta."))


class Look(Struct, frozen=True, kw_only=True):
    """What a version fixes: colour, logo, columns of the lines, and the texts above and below."""

    accent: str = "#1f5f8b"
    logo_id: int | None = None
    columns: str = DEFAULT_COLUMNS
    intro: str = ""
    legal_footer: str = ""


class CreateTemplate(Struct, frozen=True, kw_only=True):
    name: str
    look: Look
    is_default: bool = False


class ChangeLook(Struct, frozen=True, kw_only=True):
    template_id: int
    look: Look


class SaveTemplate(Struct, frozen=True, kw_only=True):
    """A whole template form. ``logo`` is a file just sent, its bytes already kept; it wins over ``look.logo_id``."""

    template_id: int | None
    name: str
    look: Look
    is_default: bool
    logo: StoredFile | None = None


def default_version(db: ScopedSession) -> TemplateVersion:
    """The newest version of the company's default template; a company without templates gets its first."""
    version = find_default(db)
    if version is not None:
        return version
    accent = db.get_one(Company, db.company_id).accent
    return create_template(db, CreateTemplate(name=_("Clásica"), look=Look(accent=accent), is_default=True))


def find_default(db: ScopedSession) -> TemplateVersion | None:
    """The same, for who only looks: none for a company without templates."""
    template = db.scalar(
        select(DocumentTemplate)
        .where(DocumentTemplate.archived_at.is_(None))
        .order_by(DocumentTemplate.is_default.desc(), DocumentTemplate.id)
        .limit(1)
    )
    return newest_version(db, template.id) if template is not None else None


def newest_version(db: ScopedSession, template_id: int) -> TemplateVersion:
    version = db.scalar(
        select(TemplateVersion)
        .where(TemplateVersion.template_id == template_id)
        .order_by(TemplateVersion.number.desc())
        .limit(1)
    )
    if version is None:
        raise NotFound(_("esa plantilla"))
    return version


def usable_version(db: ScopedSession, version_id: int | None) -> TemplateVersion:
    """The version to publish with; the default's when none is asked for. Raises ``NotFound``, ``TemplateArchived``."""
    if version_id is None:
        return default_version(db)
    version = db.get(TemplateVersion, version_id)
    if version is None:
        raise NotFound(_("esa plantilla"))
    if version.template.archived_at is not None:
        raise TemplateArchived(version.template.name)
    return version


def create_template(db: ScopedSession, command: CreateTemplate) -> TemplateVersion:
    """A template with its first version. Raises ``InvalidValue`` when the name is taken."""
    if _namesake(db, command.name, None):
        raise InvalidValue(_("Ya hay una plantilla con ese nombre."), field="name")
    template = DocumentTemplate(company_id=db.company_id, name=command.name)
    db.add(template)
    db.flush()
    if command.is_default:
        make_default(db, template.id)
    return _add_version(db, template.id, 1, command.look)


def change_look(db: ScopedSession, command: ChangeLook) -> TemplateVersion:
    """The next version of a template; the newest one again when nothing differs. What is published stays as it was."""
    template = db.scalar(select(DocumentTemplate).where(DocumentTemplate.id == command.template_id).with_for_update())
    if template is None:
        raise NotFound(_("esa plantilla"))
    newest = newest_version(db, template.id)
    if look_of(newest) == command.look:
        return newest
    return _add_version(db, template.id, newest.number + 1, command.look)


def save_template(db: ScopedSession, command: SaveTemplate) -> TemplateVersion:
    """Create a template or change one: its name in place, its look as a new version.

    The company's only template stays the default one. Raises ``InvalidValue`` when the name is taken.
    """
    look = replace(command.look, logo_id=kept(db, command.logo).id) if command.logo is not None else command.look
    if command.template_id is None:
        is_default = command.is_default or find_default(db) is None
        return create_template(db, CreateTemplate(name=command.name, look=look, is_default=is_default))
    version = change_look(db, ChangeLook(template_id=command.template_id, look=look))
    template = version.template
    if _namesake(db, command.name, template.id):
        raise InvalidValue(_("Ya hay una plantilla con ese nombre."), field="name")
    template.name = command.name
    if command.is_default:
        make_default(db, template.id)
    elif template.is_default:
        raise InvalidValue(_("Para que deje de serlo, marque otra como la que se propone."), field="is_default")
    db.flush()
    return version


def restore_template(db: ScopedSession, template_id: int) -> DocumentTemplate:
    """Publish with it again."""
    template = db.get(DocumentTemplate, template_id)
    if template is None:
        raise NotFound(_("esa plantilla"))
    template.archived_at = None
    db.flush()
    return template


def _namesake(db: ScopedSession, name: str, template_id: int | None) -> bool:
    found = db.scalar(select(DocumentTemplate.id).where(DocumentTemplate.name == name))
    return found is not None and found != template_id


def look_of(version: TemplateVersion) -> Look:
    return Look(
        accent=version.accent,
        logo_id=version.logo_id,
        columns=version.columns,
        intro=version.intro,
        legal_footer=version.legal_footer,
    )


def _add_version(db: ScopedSession, template_id: int, number: int, look: Look) -> TemplateVersion:
    if unknown := set(filter(None, look.columns.split(","))) - OPTIONAL_COLUMNS:
        raise InvalidValue(_("No existe la columna %(nombre)s.") % {"nombre": min(unknown)}, field="columns")
    if look.logo_id is not None and db.get(StoredFile, look.logo_id) is None:
        raise NotFound(_("ese logotipo"))
    version = TemplateVersion(
        company_id=db.company_id,
        template_id=template_id,
        number=number,
        accent=look.accent,
        logo_id=look.logo_id,
        columns=look.columns,
        intro=look.intro,
        legal_footer=look.legal_footer,
    )
    db.add(version)
    db.flush()
    return version


def archive_template(db: ScopedSession, template_id: int, at: dt.datetime) -> DocumentTemplate:
    """Nobody publishes with it any more; what was published with it stays. The default one is refused."""
    template = db.get(DocumentTemplate, template_id)
    if template is None:
        raise NotFound(_("esa plantilla"))
    if template.is_default:
        raise DefaultTemplate
    template.archived_at = template.archived_at or at
    db.flush()
    return template


def make_default(db: ScopedSession, template_id: int) -> DocumentTemplate:
    """Publications use this template unless told otherwise. Only one is the default."""
    chosen = db.get(DocumentTemplate, template_id)
    if chosen is None:
        raise NotFound(_("esa plantilla"))
    if chosen.archived_at is not None:
        raise TemplateArchived(chosen.name)
    for template in db.scalars(select(DocumentTemplate).where(DocumentTemplate.is_default)):
        template.is_default = False
    chosen.is_default = True
    db.flush()
    return chosen
