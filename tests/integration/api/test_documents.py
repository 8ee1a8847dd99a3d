"""Documents of every kind by API: written, changed, issued, read."""

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import select

from app import clock
from models import Document, SeriesDefault, StaffUser
from models.enums import DocumentKind, DocumentStatus, Origin
from tests.rig.desk import renew
from tests.rig.robot import problem_of

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TODAY = clock.today().isoformat()


def an_invoice(shop, **values):
    line = {"concept": "Cable RZ1-K", "quantity": "3", "unit_price": "10.50", "tax_rate": "21"}
    return {"kind": "invoice", "contact_id": str(shop.id), "lines": [line], **values}


def documents(db):
    renew(db)
    return db.scalars(select(Document).order_by(Document.id)).all()


def test_from_a_draft_to_an_issued_invoice(robot, shop, db):
    made = robot.post("documents", an_invoice(shop))
    draft = made.json()
    issued = robot.post(f"documents/{draft['id']}/issue")
    told = issued.json()

    assert made.status_code == 201
    assert made.headers["location"] == f"/api/v1/documents/{draft['id']}"
    assert (draft["status"], draft["number"], draft["total"], draft["issued_on"]) == ("draft", None, "38.12", TODAY)
    assert [(due["amount"], due["method"]) for due in draft["dues"]] == [("19.06", "transfer"), ("19.06", "transfer")]
    assert draft["lines"][0]["net"] == "31.50"
    assert draft["taxes"] == [
        {
            "kind": "vat", "label": "IVA 21 %", "base": "31.50", "rate": "21", "amount": "6.62",
            "surcharge_rate": "0", "surcharge_amount": "0.00", "exemption": "",
        }
    ]  # fmt: skip
    assert issued.status_code == 200
    assert (told["status"], told["number"], told["outstanding"]) == ("pending", "FV26-0001", "38.12")
    assert told == robot.get(f"documents/{draft['id']}").json()
    assert problem_of(robot.post(f"documents/{draft['id']}/issue")) == (409, "already_issued", [])
    assert problem_of(robot.patch(f"documents/{draft['id']}", {"subject": "X"})) == (409, "already_issued", [])
    assert problem_of(robot.delete(f"documents/{draft['id']}")) == (409, "already_issued", [])


@pytest.mark.parametrize("kind", DocumentKind)
def test_every_kind_is_written_and_issued(robot, make, db, kind):
    make.tax()
    make.series(kind=kind, label="S26")
    is_purchase = kind is DocumentKind.PURCHASE_ORDER
    party = make.contact(is_customer=not is_purchase, is_supplier=is_purchase)
    db.commit()

    draft = robot.post("documents", an_invoice(party, kind=kind)).json()
    issued = robot.post(f"documents/{draft['id']}/issue").json()
    listed = robot.get("documents", kind=kind).json()["items"]

    assert (issued["number"], issued["kind"], issued["total"]) == ("S26-0001", kind, "38.12")
    assert [row["number"] for row in listed] == ["S26-0001"]
    assert set(listed[0]) < set(issued)


@ONLY_SQLITE
def test_only_what_is_said_changes(robot, shop, db):
    draft = robot.post("documents", an_invoice(shop, notes="Gracias", discount_rate="10")).json()
    path, line = f"documents/{draft['id']}", draft["lines"][0]
    more = {"concept": "Portes", "unit_price": "5", "tax_rate": "21"}

    renamed = robot.patch(path, {"subject": "Obra nueva"}).json()
    longer = robot.patch(path, {"lines": [{"id": line["id"], "concept": "Cable", "tax_rate": "21"}, more]}).json()
    by_hand = robot.patch(path, {"dues": [{"day": "2100-01-01", "amount": longer["payable"]}]}).json()
    kept = robot.patch(path, {"notes": "Otra"}).json()
    again = robot.patch(path, {"dues": None}).json()

    assert renamed == draft | {"subject": "Obra nueva", "revision": 2}
    assert [(one["id"] == line["id"], one["concept"], one["net"]) for one in longer["lines"]] == [
        (True, "Cable", "0.00"), (False, "Portes", "5.00"),
    ]  # fmt: skip
    assert longer["notes"] == "Gracias"
    assert [due["day"] for due in by_hand["dues"]] == ["2100-01-01"] == [due["day"] for due in kept["dues"]]
    assert len(again["dues"]) == 2


@ONLY_SQLITE
def test_what_is_not_said_comes_from_the_contact(robot, make, db):
    make.tax()
    make.series(label="FV26", is_default=True)
    own = make.series(label="FB26")
    contact = make.contact(has_surcharge=True, withholding_rate=Decimal(15), payment_method="card")
    user = db.scalars(select(StaffUser)).one()
    db.add(SeriesDefault(user_id=user.id, kind=DocumentKind.INVOICE, series_id=own.id))
    db.commit()

    told = robot.post("documents", an_invoice(contact)).json()

    assert (told["series"], told["payment_method"], told["has_surcharge"], told["withholding_rate"]) == (
        "FB26", "card", True, "15",
    )  # fmt: skip
    assert (told["surcharge_total"], told["withheld_total"]) == ("1.64", "4.73")


@ONLY_SQLITE
def test_who_knows_an_older_draft_changes_nothing(robot, shop, db):
    made = robot.post("documents", an_invoice(shop))
    path, known = f"documents/{made.json()['id']}", {"If-Match": made.headers["etag"]}
    robot.patch(path, {"subject": "Otra persona"})

    answers = [
        robot.patch(path, {"subject": "Yo"}, headers=known),
        robot.post(f"{path}/issue", headers=known),
        robot.delete(path, headers=known),
    ]

    assert [problem_of(answer) for answer in answers] == [(412, "changed", [])] * 3
    fresh = {"If-Match": robot.get(path).headers["etag"]}
    assert robot.delete(path, headers=fresh).status_code == 204
    assert documents(db) == []


@ONLY_SQLITE
def test_a_line_says_its_tax_in_one_way(robot, make, shop, db):
    exempt = [make.tax("0", name=name, exemption=name) for name in ("Exenta, art. 20", "Exportación")]
    db.commit()
    line = {"concept": "Curso"}

    def lines(*taxes):
        return robot.post("documents", an_invoice(shop, lines=[line | tax for tax in taxes]))

    answers = [
        lines({"tax_rate": "21"}, {}),
        lines({"tax_rate": "21"}, {"tax_rate": "0"}),
        lines({"tax_rate": "7"}),
        lines({"tax_rate_id": "999999"}),
        lines({"tax_rate": "21", "tax_rate_id": str(exempt[0].id)}),
    ]
    good = lines({"tax_rate_id": str(exempt[1].id)})

    assert [problem_of(answer)[2] for answer in answers] == [
        [("/lines/1/tax_rate_id", "invalid_value")],
        [("/lines/1/tax_rate", "invalid_value")],
        [("/lines/0/tax_rate", "invalid_value")],
        [("/lines/0/tax_rate_id", "invalid_value")],
        [("/lines/0/tax_rate_id", "invalid_value")],
    ]
    assert answers[2].json()["detail"] == "No hay ningún impuesto de ese tipo en esa fecha."
    assert good.json()["lines"][0]["exemption"] == "Exportación"


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"contact_id": "999999"}, [("/contact_id", "invalid_value")]),
        ({"contact_id": 7}, [("/contact_id", "invalid_type")]),
        ({"series_id": "999999"}, [("/series_id", "invalid_value")]),
        ({"issued_on": "21/11/2026"}, [("/issued_on", "invalid_value")]),
        ({"issued_on": "2026-02-30"}, [("/issued_on", "invalid_value")]),
        ({"issued_on": 20261121}, [("/issued_on", "invalid_type")]),
        ({"kind": "receipt"}, [("/kind", "invalid_value")]),
        ({"status": "paid"}, [("/status", "unknown")]),
        ({"number": "FV26-0007"}, [("/number", "unknown")]),
        ({"discount_rate": "100.01"}, [("/discount_rate", "invalid_value")]),
        ({"subject": "a\nb"}, [("/subject", "invalid_value")]),
        ({"subject": "☕"}, [("/subject", "invalid_value")]),
        ({"notes": "x" * 100_000}, [("/notes", "invalid_value")]),
        ({"lines": {}}, [("/lines", "invalid_type")]),
        ({"dues": [{"day": TODAY, "amount": "1.00"}]}, [("/dues", "invalid_value")]),
    ],
)
def test_what_is_wrong_is_named(robot, shop, db, values, errors):
    answer = robot.post("documents", an_invoice(shop, **values))

    assert (problem_of(answer)[0], problem_of(answer)[2]) == (422, errors)
    assert documents(db) == []


@ONLY_SQLITE
@pytest.mark.parametrize(
    "number",
    [
        "NaN", "sNaN", "Infinity", "-Infinity", "1e999", "1E2", "1_000", "１２３", " 5", "5 ", "", "+1", "1,5", "1.",
        ".5", "0x1F", "1e-30", "9" * 40, "1.000000001", 1.5, 1, True, None, [], {},
    ],
)  # fmt: skip
def test_a_price_is_an_exact_decimal_in_a_text(robot, shop, db, number):
    answer = robot.post("documents", an_invoice(shop, lines=[{"concept": "X", "tax_rate": "21", "unit_price": number}]))

    assert [place for place, _code in problem_of(answer)[2]] == ["/lines/0/unit_price"]
    assert documents(db) == []


@ONLY_SQLITE
def test_the_largest_numbers_have_an_answer(robot, shop, db):
    line = {"concept": "X", "tax_rate": "21", "quantity": "999999999999", "unit_price": "9999999999"}

    too_much = robot.post("documents", an_invoice(shop, lines=[line]))
    many = robot.post("documents", an_invoice(shop, lines=[line] * 1001))

    assert problem_of(too_much)[2] == [("/lines/0/unit_price", "invalid_value")]
    assert problem_of(many)[2] == [("/lines", "too_long")]


def test_a_quote_moves_and_becomes_an_invoice(robot, make, shop, db):
    make.series(kind=DocumentKind.QUOTE, label="P26")
    db.commit()
    quote = robot.post("documents", an_invoice(shop, kind="quote")).json()
    robot.post(f"documents/{quote['id']}/issue")

    accepted = robot.post(f"documents/{quote['id']}/status", {"status": "accepted"})
    late = robot.post(f"documents/{quote['id']}/status", {"status": "rejected", "seen": "issued"})
    made = robot.post(f"documents/{quote['id']}/conversions", {"to": "invoice"})
    again = robot.post(f"documents/{quote['id']}/conversions", {"to": "invoice"})
    never = robot.post(f"documents/{quote['id']}/conversions", {"to": "purchase_order"})
    copy = robot.post(f"documents/{quote['id']}/copies")

    assert accepted.json()["status"] == "accepted"
    assert problem_of(late) == (409, "cannot_move", [])
    assert (made.json()["kind"], made.json()["made_from_id"], made.json()["total"]) == ("invoice", quote["id"], "38.12")
    assert again.json()["id"] == made.json()["id"]
    assert problem_of(never) == (409, "nothing_to_make", [])
    assert (copy.json()["kind"], copy.json()["status"]) == ("quote", "draft")


@ONLY_SQLITE
def test_an_invoice_is_corrected_by_another(robot, make, db, shop):
    make.series(label="R26", is_corrective=True)
    invoice = make.invoice(contact=shop)
    db.commit()

    draft = robot.post(f"documents/{invoice.id}/corrections", {"reason": "Error en el precio"}).json()
    kept = robot.patch(
        f"documents/{draft['id']}", {"lines": [{"id": draft["lines"][0]["id"], "concept": "Cuadro", "quantity": "-1"}]}
    ).json()

    assert (draft["total"], draft["corrects_id"], draft["series"]) == ("-121.00", str(invoice.id), "R26")
    assert kept["lines"][0]["tax_rate"] == "21"
    assert problem_of(robot.post(f"documents/{invoice.id}/corrections", {"reason": ""}))[2] == [
        ("/reason", "invalid_value")
    ]


@ONLY_SQLITE
def test_lists_are_filtered_and_paged_by_day(robot, make, db, shop):
    day = clock.today()
    numbers = []
    for days in (0, 0, 5, 40):
        made = make.invoice(contact=shop, issued_on=day - dt.timedelta(days=days))
        numbers.append(made.number_text)
    make.invoice(status=DocumentStatus.PAID, issued_on=day - dt.timedelta(days=1))
    make.publication(db.scalars(select(Document).where(Document.number_text == numbers[0])).one())
    make.draft(contact=shop)
    db.commit()

    def listed(**query):
        return [row["number"] for row in robot.get("documents", **query).json()["items"]]

    first = robot.get("documents", limit=2, status="pending").json()
    rest = listed(limit=2, status="pending", cursor=first["next"])
    assert [row["number"] for row in first["items"]] + rest == [numbers[1], numbers[0], numbers[2], numbers[3]]
    assert listed(contact_id=shop.id) == [None, numbers[1], numbers[0], numbers[2], numbers[3]]
    assert listed(issued_to=(day - dt.timedelta(days=5)).isoformat()) == [numbers[2], numbers[3]]
    assert listed(published="true") == [numbers[0]]
    assert listed(published="false", status="pending") == [numbers[1], numbers[2], numbers[3]]
    assert listed(status="overdue") == [numbers[3]]
    assert listed(q=numbers[2]) == [numbers[2]]
    assert listed(series="XX") == []
    assert [problem_of(robot.get("documents", **bad))[2][0][0] for bad in ({"status": "x"}, {"kind": "x"})] == [
        "status", "kind",
    ]  # fmt: skip


@pytest.mark.parametrize("count", [1, 3])
def test_reading_costs_the_same_for_one_or_many(robot, make, db, statements, count):
    invoices = [make.invoice(lines=[make.line() for _ in range(count)]) for _ in range(count)]
    db.commit()
    robot.get("key")
    statements.clear()

    listed = robot.get("documents").json()["items"]
    of_list = len(statements)
    shown = robot.get(f"documents/{invoices[0].id}").json()

    assert (len(listed), len(shown["lines"])) == (count, count)
    assert (of_list, len(statements) - of_list) == (2, 5)


@ONLY_SQLITE
def test_the_pdf_is_the_one_published_or_how_it_would_be(robot, make, db):
    published, unseen = make.published_invoice(), make.invoice()
    db.commit()

    answers = [robot.get(f"documents/{document.id}/pdf") for document in (published, unseen)]

    for answer in answers:
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
        assert answer.content.startswith(b"%PDF-")
        assert answer.headers["content-disposition"].startswith('attachment; filename="')
    assert problem_of(robot.get("documents/999999/pdf")) == (404, "not_found", [])


@ONLY_SQLITE
def test_an_imported_invoice_says_so(robot, make, db):
    make.invoice(origin=Origin.IMPORTED, number_text="A-1")
    db.commit()

    assert robot.get("documents").json()["items"][0]["origin"] == "imported"
