"""Series, taxes, templates, imports, webhooks, the audit: the rest of what programs may ask."""

import json

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from app.settings import Settings
from models import IdempotencyKey, Invoice, Series, Webhook
from models.enums import DocumentKind, Role
from tests.rig.desk import renew
from tests.rig.import_files import csv_of, row
from tests.rig.robot import problem_of

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NEW = {"name": "Tienda", "url": "https://localhost/avisos", "events": ["document.issued", "mail.failed"]}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, private_hosts=frozenset({"localhost"}))


def test_series_are_made_changed_and_closed(robot, make, db):
    made = robot.post("series", {"code": "FW", "year": 2026, "name": "Web", "is_default": True}).json()
    path = f"series/{made['id']}"
    renamed = robot.patch(path, {"name": "Tienda web"}).json()
    closed = robot.post(f"{path}/close").json()
    opened = robot.post(f"{path}/open").json()
    make.invoice(series=db.scalars(select(Series)).one())
    db.commit()
    renumbered = robot.patch(path, {"first_number": 7})

    assert (made["label"], made["next_number"], made["kind"]) == ("FW26", 1, "invoice")
    assert renamed == made | {"name": "Tienda web"}
    assert (closed["closed_at"] is not None, opened["closed_at"]) == (True, None)
    assert problem_of(renumbered) == (422, "invalid_value", [("/first_number", "invalid_value")])
    assert problem_of(robot.post("series", {"code": "FW", "year": 2026}))[2] == [("/code", "invalid_value")]
    assert [one["label"] for one in robot.get("series", kind="invoice").json()["items"]] == ["FW26"]
    assert robot.get("series", kind="quote").json()["items"] == []


@ONLY_SQLITE
def test_taxes_and_templates_are_read(robot, make, db):
    make.tax()
    make.tax("10")
    make.template()
    db.commit()

    taxes = robot.get("taxes", on="2026-11-21").json()["items"]
    assert [(tax["rate"], tax["surcharge_rate"], tax["kind"]) for tax in taxes] == [
        ("21", "5.2", "vat"), ("10", "1.4", "vat"),
    ]  # fmt: skip
    assert robot.get("taxes", on="2001-01-01").json()["items"] == []
    first = robot.get("taxes", limit=1).json()
    assert len(robot.get("taxes", limit=1, cursor=first["next"]).json()["items"]) == 1
    assert [one["is_default"] for one in robot.get("templates").json()["items"]] == [True]


def test_a_file_is_imported_invoice_by_invoice(robot, db):
    content = csv_of(row(1), row(2), row(3, total="999,00"))

    rehearsed = robot.send("POST", "imports?name=nov.csv&dry_run=true", content, "text/csv").json()
    renew(db)
    none = db.scalars(select(Invoice)).all()
    done = robot.send("POST", "imports?name=nov.csv", content, "text/csv").json()
    again = robot.send("POST", "imports?name=nov.csv", content, "application/octet-stream").json()

    assert none == []
    assert (rehearsed["created"], rehearsed["refused"]) == (2, 1)
    assert {one["document_id"] for one in rehearsed["invoices"]} == {None}
    assert (done["created"], done["exists"], done["refused"]) == (2, 0, 1)
    assert [(one["number"], one["verdict"], one["amount"]) for one in done["invoices"][:2]] == [
        ("A26-1", "created", "121.00"), ("A26-2", "created", "121.00"),
    ]  # fmt: skip
    assert (again["created"], again["exists"]) == (0, 2)
    shown = robot.get(f"documents/{done['invoices'][0]['document_id']}").json()
    assert (shown["number"], shown["origin"], shown["total"]) == ("A26-1", "imported", "121.00")


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("content", "kind", "status", "refused"),
    [
        (b"", "text/csv", 200, 1),
        (b"\x00\x01\x02", "application/octet-stream", 200, 1),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "application/xml", 200, 1),
        (b"{}", "application/json", 415, 0),
        (b"x", "", 415, 0),
        (csv_of(*(row(number) for number in range(1, 502))), "text/csv", 200, 1),
    ],
    ids=["empty", "noise", "doctype", "json", "untold", "many"],
)
def test_what_is_no_invoice_is_refused(robot, db, content, kind, status, refused):
    answer = robot.send("POST", "imports", content, kind)

    assert answer.status_code == status
    if status == 200:
        assert answer.json()["refused"] == refused
    renew(db)
    assert db.scalars(select(Invoice)).all() == []


def test_webhooks_are_made_with_a_secret_that_is_seen_once(robot, db):
    made = robot.post("webhooks", NEW)
    told = made.json()
    path = f"webhooks/{told['id']}"
    shown = robot.get(path).json()
    stopped = robot.patch(path, {"is_stopped": True}).json()
    renewed = robot.post(f"{path}/secret").json()

    assert made.status_code == 201
    assert told["secret"].startswith("whsec_")
    assert shown == {name: value for name, value in told.items() if name != "secret"}
    assert stopped["stopped_at"] is not None
    assert stopped["events"] == NEW["events"]
    assert renewed["secret"] != told["secret"]
    renew(db)
    assert told["secret"] not in str(vars(db.scalars(select(Webhook)).one()))
    assert problem_of(robot.post(f"{path}/test")) == (409, "webhook_stopped", [])
    assert robot.delete(path).status_code == 204
    assert problem_of(robot.get(path))[:2] == (404, "not_found")


@ONLY_SQLITE
@pytest.mark.parametrize(
    "url",
    [
        "http://93.184.216.34/", "https://127.0.0.1/", "https://169.254.169.254/latest", "https://[::1]/",
        "https://2130706433/", "https://0x7f.1/", "https://user:pass@93.184.216.34/", "https://93.184.216.34:22/",
        "ftp://localhost/", "javascript:alert(1)", "https://", "localhost", "https://a b/", "https://ñ.example/",
        "https://93.184.216.34/#x", "https://93.184.216.34/\\evil", "https://localhost:99999/", "",
        "https://" + "a" * 3000,
    ],
)  # fmt: skip
def test_an_address_that_may_not_be_told_is_refused(robot, db, url):
    answer = robot.post("webhooks", NEW | {"url": url})

    assert (problem_of(answer)[0], problem_of(answer)[2]) == (422, [("/url", "invalid_value")])
    renew(db)
    assert db.scalars(select(Webhook)).all() == []


@ONLY_SQLITE
def test_what_a_webhook_was_told_can_be_seen_and_told_again(robot, db):
    webhook = robot.post("webhooks", NEW | {"events": ["contact.created"]}).json()
    path = f"webhooks/{webhook['id']}"
    robot.post("contacts", {"name": "Merino"})
    robot.post(f"{path}/test")

    told = robot.get(f"{path}/deliveries").json()["items"]
    again = robot.post(f"{path}/deliveries/{told[0]['id']}/resend")

    assert [(one["sequence"], one["event"], one["status"]) for one in told] == [
        (2, "test", "waiting"), (1, "contact.created", "waiting"),
    ]  # fmt: skip
    assert again.json()["id"] == told[0]["id"]
    assert robot.get(f"{path}/deliveries", status="failed").json()["items"] == []
    assert robot.get(path).json()["sequence"] == 2
    assert problem_of(robot.post(f"{path}/deliveries/999999/resend"))[:2] == (404, "not_found")


def test_a_secret_is_answered_once_and_not_kept(robot, installation, db):
    one, two = {"Idempotency-Key": "uno"}, {"Idempotency-Key": "dos"}

    first, again = (robot.post("webhooks", NEW, headers=one).json() for _time in range(2))
    address = f"webhooks/{first['id']}/secret"
    renewed, repeated = (robot.post(address, headers=two).json() for _time in range(2))

    assert [answer["secret"][:6] for answer in (first, renewed)] == ["whsec_"] * 2
    assert (again, repeated) == (first | {"secret": None}, renewed | {"secret": None})
    assert opened(db, installation) == [again, repeated]


def opened(db, installation):
    """What the table holds, for whoever has the installation's keys too."""
    renew(db)
    kept = db.scalars(select(IdempotencyKey).order_by(IdempotencyKey.created_at))
    return [
        json.loads(
            installation.keys.open(row.body, f"idempotency_keys/{row.company_id}/{row.api_key_id}/{row.key}/body")
        )
        for row in kept
    ]


@ONLY_SQLITE
def test_the_audit_is_read_backwards(robot, build, db):
    contact = robot.post("contacts", {"name": "Merino"}).json()
    robot.patch(f"contacts/{contact['id']}", {"phone": "1"})

    entries = robot.get("audit", entity="contacts").json()["items"]

    assert [(one["action"], one["entity_id"], one["changes"].get("phone")) for one in entries] == [
        ("change", contact["id"], ["", "1"]), ("create", contact["id"], None),
    ]  # fmt: skip
    assert robot.get("audit", limit=1).json()["next"] is not None
    assert problem_of(build(Role.INVOICING).get("audit"))[:2] == (403, "out_of_scope")


@pytest.mark.parametrize("count", [1, 3])
def test_lists_cost_the_same_for_one_or_many(robot, make, db, statements, count):
    for number in range(count):
        make.series(kind=DocumentKind.QUOTE, label=f"P{number}")
        make.batch()
    db.commit()
    for number in range(count):
        robot.post("webhooks", NEW | {"url": f"{NEW['url']}/{number}"})
    costs = {}
    for path in ("series", "batches", "webhooks", "audit"):
        statements.clear()
        assert len(robot.get(path).json()["items"]) >= count
        costs[path] = len(statements)

    assert costs == {"series": 2, "batches": 2, "webhooks": 2, "audit": 2}


@ONLY_SQLITE
def test_the_document_and_its_page_are_for_everybody(robot):
    client = robot.client
    document = client.get("/api/v1/openapi.json")
    page = client.get("/api/v1/docs")
    english = client.get("/api/v1/docs", headers={"Accept-Language": "en"})

    assert document.json()["openapi"] == "3.1.0"
    assert document.json()["servers"] == [{"url": f"{client.base_url}/api/v1"}]
    assert page.status_code == english.status_code == 200
    assert ('lang="es"' in page.text, 'lang="en"' in english.text) == (True, True)
    assert "http://" not in page.text.replace(str(client.base_url), "")
    assert all(f'href="#{tag["name"]}"' in page.text for tag in document.json()["tags"])
