"""Templates: every change is a version, one is the default, what is archived is not offered."""

import pytest
from sqlalchemy import select

from app.domain.templates import (
    ChangeLook,
    CreateTemplate,
    DefaultTemplate,
    Look,
    TemplateArchived,
    archive_template,
    change_look,
    create_template,
    default_version,
    look_of,
    make_default,
    newest_version,
)
from app.errors import InvalidValue, NotFound
from models import DocumentTemplate
from models.base import utc_now
from tests.factories import Make

BLUE, GREEN = Look(accent="#1f5f8b"), Look(accent="#116644", intro="Gracias por su confianza.")


def test_a_company_without_templates_gets_one(db):
    version = default_version(db)

    assert (version.number, version.template.name, version.template.is_default) == (1, "Clásica", True)
    assert default_version(db) is version


def test_changing_the_look_adds_a_version_and_leaves_the_old(db):
    first = create_template(db, CreateTemplate(name="Con logotipo", look=BLUE))

    second = change_look(db, ChangeLook(template_id=first.template_id, look=GREEN))

    assert [(version.number, look_of(version)) for version in (first, second)] == [(1, BLUE), (2, GREEN)]
    assert newest_version(db, first.template_id) is second


def test_changing_nothing_adds_nothing(db):
    first = create_template(db, CreateTemplate(name="Con logotipo", look=BLUE))

    assert change_look(db, ChangeLook(template_id=first.template_id, look=BLUE)) is first


def test_one_template_is_the_default(db):
    old = create_template(db, CreateTemplate(name="Una", look=BLUE, is_default=True))
    new = create_template(db, CreateTemplate(name="Otra", look=BLUE))

    make_default(db, new.template_id)

    defaults = db.scalars(select(DocumentTemplate.name).where(DocumentTemplate.is_default)).all()
    assert (defaults, default_version(db), old.template.is_default) == (["Otra"], new, False)


def test_an_archived_template_is_not_the_default(db):
    one = create_template(db, CreateTemplate(name="Una", look=BLUE, is_default=True))
    other = create_template(db, CreateTemplate(name="Otra", look=BLUE))

    with pytest.raises(DefaultTemplate):
        archive_template(db, one.template_id, utc_now())
    archive_template(db, other.template_id, utc_now())

    with pytest.raises(TemplateArchived):
        make_default(db, other.template_id)


@pytest.mark.parametrize("look", [Look(columns="code,margen"), Look(columns="CODE")])
def test_columns_that_do_not_exist_are_refused(db, look):
    with pytest.raises(InvalidValue) as refused:
        create_template(db, CreateTemplate(name="Una", look=look))

    assert refused.value.field == "columns"


def test_a_name_is_used_once(db):
    create_template(db, CreateTemplate(name="Una", look=BLUE))

    with pytest.raises(InvalidValue) as refused:
        create_template(db, CreateTemplate(name="Una", look=GREEN))

    assert refused.value.field == "name"


def test_a_template_or_logo_of_another_company_is_not_there(db, make, system_db):
    theirs = Make(system_db, make.home).template(company_id=Make(system_db, make.home).company().id)
    system_db.commit()

    with pytest.raises(NotFound):
        change_look(db, ChangeLook(template_id=theirs.template_id, look=GREEN))
    with pytest.raises(NotFound):
        create_template(db, CreateTemplate(name="Una", look=Look(logo_id=99)))
