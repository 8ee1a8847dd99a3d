"""Customers and suppliers by API: the office's own rules, told with pointers."""

import pytest
from sqlalchemy import select

from app import clock
from app.domain.mail.bounces import dismiss_bounces
from models import Contact, ContactEmail, OutgoingMail, PortalMembership
from models.enums import MailStatus
from tests.rig.answers import add_report
from tests.rig.desk import renew
from tests.rig.mails import add_mail
from tests.rig.robot import problem_of

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def contacts(db):
    renew(db)
    return db.scalars(select(Contact).order_by(Contact.id)).all()


def test_making_reading_and_changing_one(robot, db):
    made = robot.post(
        "contacts",
        {
            "name": " Instalaciones  Merino, S.L. ",
            "tax_id": "b-87654323",
            "email": "Compras@Merino.example",
            "payment_days": "30, 60",
            "withholding_rate": "15",
            "addresses": [{"address": "C/ Tejedores, 8", "city": "Madrid"}],
            "emails": [{"email": "obras@merino.example", "purpose": "orders"}],
        },
    )
    told = made.json()
    address = told["addresses"][0]
    changed = robot.patch(
        f"contacts/{told['id']}",
        {"phone": "915 550 123", "emails": [], "addresses": [address | {"postcode": "28045"}]},
    )

    assert made.status_code == 201
    assert made.headers["location"] == f"/api/v1/contacts/{told['id']}"
    assert (told["tax_id"], told["email"], told["payment_days"]) == ("B87654323", "compras@merino.example", "30,60")
    assert (told["code"], told["withholding_rate"], told["emails"][0]["purpose"]) == ("00001", "15", "orders")
    assert changed.status_code == 200
    expected = told | {"phone": "915 550 123", "emails": [], "addresses": [address | {"postcode": "28045"}]}
    assert changed.json() == expected == robot.get(f"contacts/{told['id']}").json()
    assert [row.email for row in contacts(db)] == ["compras@merino.example"]


@ONLY_SQLITE
def test_everything_wrong_is_told_at_once(robot, db):
    answer = robot.post(
        "contacts",
        {
            "tax_id": "B8765",
            "country": "XX",
            "is_customer": "yes",
            "payment_method": "magic",
            "payment_day": 32,
            "withholding_rate": 15,
            "iban": "ES00",
            "email": "a@b,c@d",
            "addresses": [{"address": "C/ Mayor", "id": 7}, {"city": "Madrid"}],
            "role": "administrator",
            "company_id": "1",
            "phone": "9\r\n1",
        },
    )

    assert problem_of(answer) == (
        422,
        "invalid_request",
        [
            ("/name", "missing"),
            ("/country", "invalid_value"),
            ("/is_customer", "invalid_type"),
            ("/phone", "invalid_value"),
            ("/email", "invalid_value"),
            ("/payment_method", "invalid_value"),
            ("/payment_day", "out_of_range"),
            ("/iban", "invalid_value"),
            ("/withholding_rate", "invalid_type"),
            ("/addresses/0/id", "invalid_type"),
            ("/addresses/1/address", "missing"),
            ("/role", "unknown"),
            ("/company_id", "unknown"),
        ],
    )
    assert contacts(db) == []


@ONLY_SQLITE
def test_rules_of_the_business_name_their_field(robot, make, db):
    code = make.contact(tax_id="B87654323").code
    db.commit()

    answers = [
        robot.post("contacts", {"name": "Merino", "tax_id": "B87654324"}),
        robot.post("contacts", {"name": "Merino", "tax_id": "B87654323"}),
        robot.post("contacts", {"name": "Merino", "is_customer": False}),
        robot.post("contacts", {"name": "Merino", "code": code}),
    ]

    assert [problem_of(answer) for answer in answers] == [
        (422, "invalid_value", [("/tax_id", "invalid_value")]),
        (422, "tax_id_taken", [("/tax_id", "tax_id_taken")]),
        (422, "invalid_value", [("/is_customer", "invalid_value")]),
        (422, "invalid_value", [("/code", "invalid_value")]),
    ]
    shared = robot.post("contacts", {"name": "Merino", "tax_id": "B87654323", "shares_tax_id": True})
    assert shared.status_code == 201


def test_an_email_somebody_enters_with_asks_what_becomes_of_it(robot, make, db):
    contact = make.contact(email="antes@merino.example")
    make.account(contact, password_hash="x")
    db.commit()
    path, change = f"contacts/{contact.id}", {"email": "ahora@merino.example"}

    asked = robot.patch(path, change)
    unchanged = contacts(db)[0].email
    moved = robot.patch(path, change | {"old_access": "move"})

    assert problem_of(asked) == (409, "access_undecided", [("/email", "access_undecided")])
    assert unchanged == "antes@merino.example"
    assert moved.json()["email"] == "ahora@merino.example"
    renew(db)
    assert [mail.recipient for mail in db.scalars(select(OutgoingMail))] == ["ahora@merino.example"]
    assert sum(row.ended_at is None for row in db.scalars(select(PortalMembership))) == 1


def test_who_knows_an_older_version_changes_nothing(robot, make, db):
    contact = make.contact()
    db.commit()
    path = f"contacts/{contact.id}"
    first = robot.get(path)
    known = {"If-Match": first.headers["etag"]}

    done = robot.patch(path, {"phone": "1"}, headers=known)
    late = robot.patch(path, {"phone": "2"}, headers=known)
    anyhow = robot.patch(path, {"phone": "3"}, headers={"If-Match": "*"})

    assert (done.status_code, anyhow.status_code) == (200, 200)
    assert problem_of(late) == (412, "changed", [])
    assert done.headers["etag"] != first.headers["etag"]
    now = robot.get(path)
    assert now.headers["etag"] == anyhow.headers["etag"]
    assert robot.get(path, headers={"If-None-Match": now.headers["etag"]}).status_code == 304
    assert robot.get(path, fields="phone").headers["etag"] == now.headers["etag"]


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_asks_the_same_of_the_database_for_one_or_many(robot, make, db, statements, count):
    for _ in range(count):
        make.contact()
    db.commit()
    robot.get("key")
    statements.clear()

    found = robot.get("contacts").json()["items"]

    assert len(found) == count
    assert len(statements) == 4


def test_addresses_that_mail_came_back_from_are_told(robot, make, db):
    known = {"emails": [ContactEmail(email=f"{name}@merino.example") for name in ("obras", "pagos")]}
    merino, quiet = make.contact(email="lucia@merino.example", **known), make.contact(email=None)
    for number, address in enumerate(("pagos@merino.example", "lucia@merino.example", "nadie@merino.example")):
        add_report(db, add_mail(db, MailStatus.SENT, number=number, recipient=address))

    listed = {one["id"]: one["bounced_emails"] for one in robot.get("contacts").json()["items"]}
    shown = robot.get(f"contacts/{merino.id}")
    dismiss_bounces(db, "lucia@merino.example", clock.now())
    db.commit()
    after = robot.get(f"contacts/{merino.id}", headers={"If-None-Match": shown.headers["etag"]})

    bounced = ["lucia@merino.example", "pagos@merino.example"]
    assert listed == {str(merino.id): bounced, str(quiet.id): []}
    assert (shown.json()["bounced_emails"], after.json()["bounced_emails"]) == (bounced, bounced[1:])


@ONLY_SQLITE
def test_pages_follow_one_another(robot, make, db):
    names = ["Álamo", "alamo", "Beta", "Ñandú", "Zeta"]
    for name in names:
        make.contact(name=name)
    make.contact(name="Archivado", archived_at=clock.now())
    db.commit()

    pages, cursor = [], None
    while True:
        asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        told = robot.get("contacts", **asked).json()
        pages.append([item["name"] for item in told["items"]])
        if (cursor := told["next"]) is None:
            break

    assert pages == [["Álamo", "alamo"], ["Beta", "Ñandú"], ["Zeta"]]
    assert robot.get("contacts", archived="true").json()["items"][0]["name"] == "Archivado"
    assert [one["name"] for one in robot.get("contacts", q="nandu").json()["items"]] == ["Ñandú"]
    assert robot.get("contacts", fields="name,city", limit=1).json()["items"] == [
        {"id": str(contacts(db)[0].id), "name": "Álamo", "city": "Madrid"}
    ]


@ONLY_SQLITE
@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=201", "limit=1e3", "limit=+5", "limit=%201", "limit=1_0", "limit=1&limit=2", "limit=",
        "sort=name", "fields=password", "fields=", "fields=name,,code", "cursor=x", "cursor=WyJhIiwxXQ%00",
        "cursor=WyJcdTAwMDAiLDFd", "cursor=WyJhIiwwXQ", "archived=1", "q=%00", "q=" + "a" * 500, "q=%ED%A0%80",
        "is_customer=", "email=x", "page_size=1000000000", "1=1;--",
    ],
)  # fmt: skip
def test_odd_questions_are_refused_by_name(robot, query):
    answer = robot.get(f"contacts?{query}")

    status, code, errors = problem_of(answer)
    name = query.partition("=")[0]
    assert (status, code, [place for place, _code in errors]) == (422, "invalid_request", [name])


@ONLY_SQLITE
def test_archiving_and_coming_back(robot, make, db):
    contact = make.contact()
    db.commit()

    away = robot.post(f"contacts/{contact.id}/archive").json()["archived_at"]
    again = robot.post(f"contacts/{contact.id}/archive").json()["archived_at"]
    back = robot.post(f"contacts/{contact.id}/restore").json()["archived_at"]

    assert away is not None
    assert (again, back) == (away, None)


@ONLY_SQLITE
@pytest.mark.parametrize("wrong", ["0", "-1", "1e3", "abc", "9" * 19, "9" * 30, "1%00", "..%2f1", "01", "%F1"])
def test_what_cannot_be_an_id_does_not_exist(robot, wrong):
    answers = [robot.get(f"contacts/{wrong}"), robot.patch(f"contacts/{wrong}", {}), robot.get(f"documents/{wrong}")]

    assert {problem_of(answer)[:2] for answer in answers} == {(404, "not_found")}
