"""Settings of an intranet: an address is one's own for ever, and what customers see is checked first."""

import hashlib

import pytest
from sqlalchemy import select

from app.domain.intranet import (
    ChangeAddress,
    ChangeAppearance,
    ChangeButton,
    ChangePublishing,
    change_address,
    change_appearance,
    change_button,
    change_publishing,
    former_addresses,
)
from app.errors import InvalidValue
from models import Company, CompanySlug, StoredFile
from models.enums import AccessDelivery, ButtonSize


def former_keys(db):
    return [former.slug_key for former in former_addresses(db)]


def test_an_address_that_is_left_stays_ours(db):
    company = change_address(db, ChangeAddress(slug="Demo_SA"))

    assert (company.slug, company.slug_key, former_keys(db)) == ("Demo_SA", "demo_sa", ["tosma"])


def test_going_back_to_a_former_address_leaves_the_other_one(db):
    change_address(db, ChangeAddress(slug="Demo_SA"))

    company = change_address(db, ChangeAddress(slug="TOSMA"))

    assert (company.slug, former_keys(db)) == ("TOSMA", ["demo_sa"])


def test_other_capitals_are_the_same_address(db):
    company = change_address(db, ChangeAddress(slug="TOSMA"))

    assert (company.slug, company.slug_key, former_keys(db)) == ("TOSMA", "tosma", [])


@pytest.mark.parametrize("wanted", ["Rodano", "rODANO", "Antigua"])
def test_nobody_takes_an_address_that_another_has_or_had(db, system_db, wanted):
    other = Company(name="Talleres Ródano, S.L.", tax_id="B87654323", slug="Rodano", slug_key="rodano", short_code="r")
    system_db.add(other)
    system_db.flush()
    system_db.add(CompanySlug(company_id=other.id, slug_key="antigua"))
    system_db.commit()

    with pytest.raises(InvalidValue) as refused:
        change_address(db, ChangeAddress(slug=wanted))

    assert (str(refused.value), refused.value.field) == (
        "Otra empresa tiene o ha tenido esa dirección. Elija otra.",
        "slug",
    )


@pytest.mark.parametrize(
    "wanted", ["", "ab", "a" * 41, "con espacio", "../admin", "áreas", "admin", "API", "a\nb\nc", "１２３"]
)
def test_addresses_that_cannot_be(db, wanted):
    with pytest.raises(InvalidValue) as refused:
        change_address(db, ChangeAddress(slug=wanted))

    assert refused.value.field == "slug"


def test_how_it_publishes(db):
    company = change_publishing(db, ChangePublishing(notify_by_default=False, access_delivery=AccessDelivery.PASSWORD))

    assert (company.notify_by_default, company.access_delivery) == (False, AccessDelivery.PASSWORD)


def appearance(**values):
    return ChangeAppearance(**{"accent": "#AA3300", "phone": "910 123 456", "opening_hours": "L-V 9-14"} | values)


def logo(company, name="logo.png"):
    return StoredFile(
        company_id=company.id, sha256=hashlib.sha256(b"png").hexdigest(), size=3, media_type="image/png", name=name
    )


def test_a_logo_is_kept_replaced_and_taken_away(db, company):
    kept = change_appearance(db, appearance(logo=logo(company))).logo_id
    same = change_appearance(db, appearance(logo=logo(company))).logo_id
    left = change_appearance(db, appearance()).logo_id
    gone = change_appearance(db, appearance(removes_logo=True)).logo_id

    assert (same, left, gone) == (kept, kept, None)
    assert db.scalars(select(StoredFile.name)).all() == ["logo.png"]


def test_a_colour_is_kept_in_small_letters(db):
    company = change_appearance(db, appearance())

    assert (company.accent, company.phone, company.opening_hours) == ("#aa3300", "910 123 456", "L-V 9-14")


@pytest.mark.parametrize("colour", ["", "red", "#12345", "#1234567", "url(x)", "#12345g"])
def test_colours_that_are_none(db, colour):
    with pytest.raises(InvalidValue) as refused:
        change_appearance(db, appearance(accent=colour))

    assert refused.value.field == "accent"


def test_the_button_of_the_own_web(db):
    company = change_button(db, ChangeButton(text=" Mis facturas ", colour="#0A7C4A", size=ButtonSize.LARGE))

    assert (company.button_text, company.button_colour, company.button_size) == (
        "Mis facturas",
        "#0a7c4a",
        ButtonSize.LARGE,
    )


def test_a_button_of_the_company_colour_follows_it(db):
    company = change_button(db, ChangeButton(text="Clientes", colour="#1f5f8b", size=ButtonSize.MEDIUM))

    assert company.button_colour == ""
