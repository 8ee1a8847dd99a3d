"""Lists: what a search finds, page by page, with totals and saved views; and addresses nobody should have typed."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from sqlalchemy import select

from app import clock
from models import DocumentEvent, Membership, SavedFilter
from models.enums import DocumentStatus, EventKind, Role
from tests.rig.desk import text_of

ROW = re.compile(r'scope="row" class="c-no"><a href="([^"]+)">([^<]+)</a>')
OLDER = re.compile(r'<a class="btn" href="([^"]+)" rel="next">')
NEWER = re.compile(r'<a class="btn" href="([^"]+)" rel="prev">')
LAST = re.compile(r'<a class="btn" href="([^"]+)">Última</a>')


def names(page):
    return [name for _address, name in ROW.findall(page.text)]


def follow(desk, page, pattern):
    """The page a button of the pager leads to, or none."""
    found = pattern.search(page.text)
    return desk.get("invoice/list" + found[1].replace("&amp;", "&")) if found else None


def walk(desk, page, pattern):
    seen = names(page)
    while (page := follow(desk, page, pattern)) is not None:
        seen = seen + names(page) if pattern is OLDER else names(page) + seen
    return seen


SCREENS = ("customer", "supplier", "product", "invoice", "series", "tax-rate", "staff", "audit-entry", "batch")
NOWHERE = ("details/abc", "details/99999999999999999999", "edit/1;2", "edit/0", "details/%00", "delete/x")


@pytest.fixture
def many(make, db):
    """Sixty invoices, five a day; the newest first."""
    contact = make.contact()
    today = clock.today()
    invoices = [make.invoice(contact=contact, issued_on=today - dt.timedelta(days=40 - n // 5)) for n in range(60)]
    db.commit()
    return [invoice.number_text for invoice in reversed(invoices)]


def test_pages_show_every_row_once_in_both_directions(desk, many):
    first = desk.get("invoice/list")
    last = follow(desk, first, LAST)

    assert names(first) == many[:25]
    assert walk(desk, first, OLDER) == many
    assert walk(desk, last, NEWER) == many
    assert "Página" not in text_of(first)


def test_a_page_says_where_it_is(desk, many):
    first = desk.get("invoice/list")
    second = follow(desk, first, OLDER)
    back = follow(desk, second, NEWER)

    assert [re.search(r"[\d.]+–[\d.]+ de \d+", text_of(page))[0] for page in (first, second, back)] == [
        "1–25 de 60",
        "26–50 de 60",
        "1–25 de 60",
    ]
    assert "36–60 de 60" in text_of(follow(desk, first, LAST))


def test_the_size_of_a_page_has_a_choice(desk, many):
    shown = {size: len(names(desk.get("invoice/list", ver=size))) for size in ("50", "200", "1000", "-1", "x")}

    assert shown == {"50": 50, "200": 60, "1000": 25, "-1": 25, "x": 25}


def test_every_order_shows_every_row_once(desk, many):
    for order in ("total", "-total", "numero", "-numero", "fecha", "cliente", "-cliente"):
        assert sorted(walk(desk, desk.get("invoice/list", orden=order), OLDER)) == sorted(many)


@pytest.fixture
def mixed(make, db):
    """One invoice of each state, published or not."""
    today = clock.today()
    optica = make.contact(name="Óptica Peña, S.L.", tax_id="B87654323", email="caja@optica.example")
    other = make.contact(name="100 % Algodón", tax_id="A58818501", email="x@y.example")
    series = make.series(label="FV26")
    rows = {
        "cobrada": make.invoice(contact=optica, series=series, status=DocumentStatus.PAID),
        "pendiente": make.invoice(contact=optica, series=series),
        "vencida": make.invoice(contact=other, series=series, issued_on=today - dt.timedelta(days=90)),
        "devuelta": make.invoice(contact=other, series=series, status=DocumentStatus.RETURNED),
        "parte": make.invoice(
            contact=other,
            series=series,
            status=DocumentStatus.PART_PAID,
            lines=[make.line(unit_price=Decimal("1020.30"))],
        ),
    }
    rows["borrador"] = make.draft(contact=optica, series=series)
    make.publication(rows["cobrada"])
    make.publication(rows["pendiente"], withdrawn_at=clock.now())
    db.add(
        DocumentEvent(
            document_id=rows["cobrada"].id, contact_id=optica.id, kind=EventKind.VIEWED, created_at=clock.now()
        )
    )
    db.commit()
    return {state: row.number_text or "Borrador" for state, row in rows.items()} | {"óptica": optica.id}


FOUND = [
    ({}, ["cobrada", "pendiente", "vencida", "devuelta", "parte", "borrador"]),
    ({"estado": "cobrada"}, ["cobrada"]),
    ({"estado": "pendiente"}, ["pendiente", "vencida"]),
    ({"estado": "vencida"}, ["vencida"]),
    ({"estado": "devuelta"}, ["devuelta"]),
    ({"estado": "cobrada-en-parte"}, ["parte"]),
    ({"estado": "borrador"}, ["borrador"]),
    ({"publicada": "si"}, ["cobrada"]),
    ({"publicada": "no"}, ["pendiente", "vencida", "devuelta", "parte"]),
    ({"publicada": "no", "estado": "pendiente"}, ["pendiente", "vencida"]),
    ({"cliente": "óptica"}, ["cobrada", "pendiente", "borrador"]),
    ({"desde": "hoy"}, ["cobrada", "pendiente", "devuelta", "parte", "borrador"]),
    ({"hasta": "ayer"}, ["vencida"]),
    ({"buscar": "OPTICA pena"}, ["cobrada", "pendiente", "borrador"]),
    ({"buscar": "óptica", "estado": "cobrada"}, ["cobrada"]),
    ({"buscar": "b87654323"}, ["cobrada", "pendiente", "borrador"]),
    ({"buscar": "caja@optica"}, ["cobrada", "pendiente", "borrador"]),
    ({"buscar": "1.234,56"}, ["parte"]),
    ({"buscar": "1234.56 €"}, ["parte"]),
    ({"buscar": "fv26-0001"}, ["cobrada"]),
    ({"buscar": "FV26-000"}, ["cobrada", "pendiente", "vencida", "devuelta", "parte"]),
    ({"buscar": "9" * 18}, []),
    ({"buscar": "9" * 40}, []),
    ({"buscar": "%"}, ["vencida", "devuelta", "parte"]),
    ({"buscar": "_"}, []),
    ({"buscar": "100 %"}, ["vencida", "devuelta", "parte"]),
    ({"buscar": "\\"}, []),
    ({"buscar": "no hay nadie así"}, []),
]


def test_what_a_search_finds(desk, mixed):
    today = clock.today()
    meant = {
        "hoy": today.strftime("%d/%m/%Y"),
        "ayer": (today - dt.timedelta(days=1)).isoformat(),
        "óptica": str(mixed["óptica"]),
    }

    shown = {}
    for asked, _found in FOUND:
        query = {name: value if name == "buscar" else meant.get(value, value) for name, value in asked.items()}
        page = desk.get("invoice/list", **query)
        shown[str(asked)] = (sorted(names(page)), counted(page))

    assert shown == {str(asked): (sorted(mixed[state] for state in found), len(found)) for asked, found in FOUND}


def counted(page):
    """How many rows the pager says there are."""
    found = re.search(r"<b>(\d+)</b></span>\s*<details", page.text)
    return int(found[1]) if found else 0


def test_cells_read_as_on_paper(desk, mixed):
    told = text_of(desk.get("invoice/list", estado="cobrada"))
    today = clock.today().strftime("%d/%m/%Y")

    assert f"FV26-0001 {today} Óptica Peña, S.L. Cobrada Publicada" in told
    assert f", vista el {clock.madrid(clock.now()).strftime('%d/%m')}" in told
    assert "100,00 121,00 —" in told
    assert "Total de 1 100,00 121,00 0,00" in told or "Total de 1 100,00 121,00 —" in told


def test_totals_are_of_the_whole_search(desk, many):
    assert "Total de 60 6.000,00 7.260,00 7.260,00" in text_of(desk.get("invoice/list"))


def test_other_currencies_are_shown_and_never_added_up(desk, make, db):
    make.invoice()
    make.invoice(currency="USD")
    db.commit()

    told = text_of(desk.get("invoice/list"))

    assert "100,00 USD 121,00 USD 121,00 USD" in told
    assert "Total de 2 100,00 121,00 121,00" in told


def test_chips_say_what_is_filtered_and_can_be_taken_away(desk, mixed):
    page = desk.get("invoice/list", estado="cobrada", cliente=str(mixed["óptica"]), buscar="optica")

    told = text_of(page)
    assert "Estado: Cobrada" in told
    assert "Cliente: Óptica Peña, S.L." in told
    assert (
        f'href="/admin/invoice/list?buscar=optica&amp;cliente={mixed["óptica"]}" aria-label="Quitar el filtro Estado"'
        in page.text
    )


def test_an_empty_list_says_what_to_do(desk):
    nothing = text_of(desk.get("invoice/list"))
    filtered = text_of(desk.get("invoice/list", buscar="nada"))

    assert "Todavía no hay facturas" in nothing
    assert "Cree la primera" in nothing
    assert "Nada coincide con «nada»" in filtered
    assert "Quitar la búsqueda y los filtros" in filtered


ODD = [
    *({"page": value} for value in ("-1", "0", "9" * 30)),
    {"sortBy": "nothing"},
    *({"orden": value} for value in ("nada", "-", "numero; drop table", "estado")),
    *(
        {"tras": value}
        for value in (
            "",
            "[",
            "[]",
            '["x",1]',
            '["2026-11-20",99999999999999999999]',
            "[1,2]",
            '["2026-99-99",1]',
            "null",
            '["\\u0000",1]',
        )
    ),
    *({"antes": value} for value in ('["2026-11-20","1"]', "x" * 3000)),
    *({"n": value} for value in ("-5", "9" * 30, "x")),
    {"final": "1", "tras": '["2026-11-20",1]'},
]
WRONG = [
    ({"estado": "nada"}, "«nada» no es una opción de este filtro."),
    ({"desde": "30/02/2026"}, "Esa fecha no existe. Escríbala como 21/11/2026."),
    ({"desde": "21/11/2026", "hasta": "20/11/2026"}, "La fecha final es anterior a la inicial."),
    ({"cliente": "abc"}, "Elija de la lista."),
    ({"cliente": "9" * 25}, "Elija de la lista."),
    ({"buscar": "a\x00b"}, "Hay caracteres que no se pueden usar aquí"),
    ({"buscar": "x" * 5000}, "Como mucho 100 caracteres."),
]


def test_odd_addresses_are_ignored(desk, mixed):
    answers = {str(asked): desk.get("invoice/list", **asked).status_code for asked in ODD}

    assert {asked: status for asked, status in answers.items() if status != 200} == {}


def test_a_filter_that_makes_no_sense_finds_nothing_and_says_so(desk, mixed):
    for asked, sentence in WRONG:
        page = desk.get("invoice/list", **asked)

        assert (page.status_code, names(page)) == (400, [])
        assert sentence in text_of(page)


def test_rows_that_cannot_be_are_not_found(desk):
    answers = {f"{screen}/{path}": desk.get(f"{screen}/{path}").status_code for screen in SCREENS for path in NOWHERE}

    assert {path: status for path, status in answers.items() if status not in {403, 404}} == {}


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_asks_the_same_for_one_row_and_for_many(desk, make, db, statements, count):
    contact = make.contact()
    for _ in range(count):
        make.published_invoice(contact=contact)
    db.commit()
    desk.get("invoice/list")
    statements.clear()

    page = desk.get("invoice/list")

    assert len(names(page)) == count
    assert len(statements) == 6


def test_a_list_shows_nothing_of_other_companies(desk, make, db, system_db):
    other = make.company()
    db.commit()
    theirs = type(make)(system_db, other)
    theirs.invoice(contact=theirs.contact(name="Ajena, S.A."))
    system_db.commit()

    assert names(desk.get("invoice/list")) == []
    assert names(desk.get("customer/list")) == []
    assert "Ajena" not in desk.get("invoice/export/csv").text


def test_a_view_is_saved_replaced_and_forgotten(desk, db, mixed):
    desk.post("invoice/views", {"name": "De Óptica", "q": "buscar=optica&orden=-total"})
    saved = desk.post("invoice/views", {"name": "De Óptica", "q": "estado=cobrada"})

    page = desk.follow(saved)
    kept = db.execute(select(SavedFilter.name, SavedFilter.query, SavedFilter.screen)).all()
    tab = re.search(
        r'<a href="/admin/invoice/list\?estado=cobrada" aria-current="page">De Óptica<small>1</small>', page.text
    )
    forget = re.search(r'name="forget" value="(\d+)"', page.text)

    assert kept == [("De Óptica", "estado=cobrada", "invoice")]
    assert tab is not None
    assert "Vista «De Óptica» guardada." in text_of(page)

    gone = desk.follow(desk.post("invoice/views", {"forget": forget[1]}))

    assert "De Óptica" not in text_of(gone)
    db.rollback()
    assert db.scalars(select(SavedFilter)).all() == []


def test_nobody_forgets_the_views_of_somebody_else(desk, sit, db, mixed):
    desk.post("invoice/views", {"name": "Mía", "q": "estado=cobrada"})
    saved_id = db.scalars(select(SavedFilter.id)).one()

    sit(Role.ADMINISTRATOR).post("invoice/views", {"forget": str(saved_id)})

    db.rollback()
    assert db.scalars(select(SavedFilter.name)).all() == ["Mía"]
    assert db.scalars(select(Membership.role)).all() == [Role.ADMINISTRATOR] * 2


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": "", "q": "estado=cobrada"}, "Rellene este dato."),
        ({"name": "x" * 50, "q": "estado=cobrada"}, "Como mucho 40 caracteres."),
        ({"name": "Mala", "q": "estado=nada"}, "Corrija primero los filtros."),
    ],
)
def test_a_view_that_cannot_be_saved_says_why(desk, db, fields, sentence):
    page = desk.client.get(desk.post("invoice/views", fields).headers["location"])

    assert sentence in text_of(page)
    assert db.scalars(select(SavedFilter)).all() == []


def test_looking_something_up_while_typing(desk, make, db):
    wanted = make.contact(name="Talleres Ródano, S.L.", tax_id="A58818501")
    make.contact(name="Archivada Ródano", archived_at=clock.now())
    make.contact(name="Hotel Mirador")
    db.commit()

    found = desk.get("customer/ajax/lookup", term="rodano").json()

    assert found == {
        "results": [{"id": str(wanted.id), "code": wanted.code, "text": "Talleres Ródano, S.L.", "hint": "A58818501"}]
    }


def test_the_panel_counts_exactly_what_its_cards_open(desk, mixed):
    page = desk.get("")

    cards = dict(
        re.findall(r'class="v-card" href="([^"]+)"><span class="d-flex"><b class="v-big">(\d+)</b>', page.text)
    )
    assert cards == {"/admin/invoice/list?estado=vencida": "1", "/admin/invoice/list?publicada=no": "4"}
    for address, number in cards.items():
        assert len(names(desk.client.get(address))) == int(number)
