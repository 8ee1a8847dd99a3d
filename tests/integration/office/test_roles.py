"""What each role may open, start and change: the table of ``admin_views.auth`` held against the running office."""

import pytest

from admin_views import VIEWS
from admin_views.auth import MATRIX
from admin_views.base import OfficeView
from models.enums import Role
from tests.rig.desk import text_of

READER, BILLING, MANAGER, ADMINISTRATOR = Role.READER, Role.INVOICING, Role.MANAGER, Role.ADMINISTRATOR

MENU = {
    READER: ["customer", "supplier", "product", "invoice", "batch", "access", "series", "tax-rate"],
    ADMINISTRATOR: ["company", "staff", "audit-entry", "intranet"],
}

# Address, and for each role from the least to the most: may open it.
OPENS = [
    ("customer/list", "yyyy"),
    ("customer/create", "nyyy"),
    ("customer/export/csv", "yyyy"),
    ("product/create", "nyyy"),
    ("invoice/list", "yyyy"),
    ("invoice/export/csv", "yyyy"),
    ("series/list", "yyyy"),
    ("series/create", "nnyy"),
    ("tax-rate/create", "nnyy"),
    ("staff/list", "nnny"),
    ("staff/create", "nnny"),
    ("audit-entry/list", "nnyy"),
    ("audit-entry/export/csv", "nnny"),
    ("account", "yyyy"),
]
STARTS = [
    ("customer/action/archive?pks={contact}", "nyyy"),
    ("customer/archive?pks={contact}", "nyyy"),
    ("product/action/archive?pks=1", "nyyy"),
    ("company/confirm", "nnny"),
]
WRITES = [
    ("customer/create", "nyyy"),
    ("customer/edit/{contact}", "nyyy"),
    ("customer/archive", "nyyy"),
    ("customer/views", "yyyy"),
    ("series/create", "nnyy"),
    ("staff/create", "nnny"),
    ("company/edit/{company}", "nnny"),
    ("company/confirm", "nnny"),
]
REFUSED = {403}


@pytest.fixture
def places(make, db, company):
    contact = make.contact()
    db.commit()
    return {"contact": contact.id, "company": company.id}


@pytest.mark.parametrize("place", range(4), ids=[role.value for role in Role])
def test_what_each_role_opens_and_starts(sit, places, place):
    desk = sit(list(Role)[place])

    refused = {path: desk.get(path.format(**places)).status_code in REFUSED for path, _allowed in OPENS + STARTS}

    assert refused == {path: allowed[place] == "n" for path, allowed in OPENS + STARTS}


@pytest.mark.parametrize("place", range(4), ids=[role.value for role in Role])
def test_what_each_role_writes(sit, places, place):
    desk = sit(list(Role)[place])

    refused = {path: desk.post(path.format(**places)).status_code in REFUSED for path, _allowed in WRITES}

    assert refused == {path: allowed[place] == "n" for path, allowed in WRITES}


def test_the_menu_shows_what_a_role_may_open(sit):
    reader, administrator = sit(READER).get("").text, sit(ADMINISTRATOR).get("").text

    for identity in MENU[READER]:
        assert f'href="/admin/{identity}/list"' in reader
    for identity in MENU[ADMINISTRATOR]:
        assert f"/admin/{identity}" not in reader
        assert f"/admin/{identity}" in administrator


def test_a_reader_sees_no_buttons_that_would_be_refused(sit, places):
    page = text_of(sit(READER).get("customer/list"))

    assert "Nuevo cliente" not in page
    assert "Archivar" not in page


def test_a_reader_looks_at_a_file_without_being_able_to_change_it(sit, places):
    desk = sit(READER)

    sent = desk.get(f"customer/edit/{places['contact']}")
    page = desk.follow(sent)

    assert sent.headers["location"] == f"/admin/customer/details/{places['contact']}"
    assert "Solo consulta" in text_of(page)
    assert "Guardar cliente" not in text_of(page)
    assert '<fieldset class="v-plainset" disabled>' in page.text


def test_every_screen_has_its_row_in_the_table():
    identities = {view.identity or "account" for view in VIEWS}

    assert identities - set(MATRIX) == set()


def test_what_is_not_in_the_table_nobody_may_do(sit, monkeypatch):
    monkeypatch.setattr(OfficeView, "can_delete", True)

    assert sit(ADMINISTRATOR).get("series/delete/1").status_code in {403, 404}
    assert sit(ADMINISTRATOR).get("nothing/list").status_code == 404
