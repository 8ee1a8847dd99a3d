"""``If-Match``: what was compared stays as it is until the change is made; of several at once one gets through."""

from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from app.api.v1 import contacts, drafts, series, webhooks
from app.scope import CompanyScope
from models import Contact, Document, Series, Webhook
from models.enums import DocumentKind

MODULES = {"contacts": contacts, "documents": drafts, "series": series, "webhooks": webhooks}
TOUCHED = {
    "contacts": (Contact, "phone"),
    "documents": (Document, "subject"),
    "series": (Series, "name"),
    "webhooks": (Webhook, "name"),
}
ASKED = [
    ("contacts", "patch", "", {"name": "Otra"}),
    ("contacts", "post", "/archive", None),
    ("contacts", "post", "/restore", None),
    ("series", "patch", "", {"name": "Otra"}),
    ("series", "post", "/close", None),
    ("series", "post", "/open", None),
    ("webhooks", "patch", "", {"name": "Otra"}),
    ("draft", "patch", "", {"notes": "Otra"}),
    ("draft", "delete", "", None),
    ("draft", "post", "/issue", None),
    ("quote", "post", "/status", {"status": "accepted"}),
    ("quote", "post", "/copies", None),
    ("quote", "post", "/conversions", {"to": "invoice"}),
    ("invoice", "post", "/corrections", {"reason": "Precio"}),
]


@pytest.fixture
def rows(robot, make, shop, db):
    """One of each: its address."""
    for kind in (DocumentKind.QUOTE, DocumentKind.INVOICE):
        make.series(kind=kind, label=f"R{kind[0]}", is_corrective=kind is DocumentKind.INVOICE)
    one_series = make.series(label="X26")
    quote = make.document(DocumentKind.QUOTE, contact=shop)
    invoice = make.invoice(contact=shop)
    db.commit()
    line = {"concept": "Cable", "unit_price": "10", "tax_rate": "21"}
    draft = robot.post("documents", {"kind": "invoice", "contact_id": str(shop.id), "lines": [line]}).json()
    hook = {"name": "Almacén", "url": "https://93.184.216.34/x", "events": ["contact.created"]}
    return {
        "contacts": f"contacts/{shop.id}",
        "webhooks": f"webhooks/{robot.post('webhooks', hook).json()['id']}",
        "series": f"series/{one_series.id}",
        "draft": f"documents/{draft['id']}",
        "quote": f"documents/{quote.id}",
        "invoice": f"documents/{invoice.id}",
    }


def ask(robot, method, path, body, headers):
    return robot.delete(path, headers) if method == "delete" else getattr(robot, method)(path, body, headers)


@pytest.fixture
def touch(database, company):
    """``touch("series/7")``: somebody else writes there, as soon as they can."""

    def touch(address):
        noun, row_id = address.split("/")
        model, name = TOUCHED[noun]
        table = model.__table__
        written = table.update().where(table.c.company_id == company.id, table.c.id == int(row_id)).values({name: "X"})
        database.run(CompanyScope(company.id), lambda db: db.connection().execute(written))

    return touch


@pytest.mark.parametrize(("what", "method", "path", "body"), ASKED)
def test_nobody_comes_between_comparing_and_changing(robot, rows, touch, monkeypatch, what, method, path, body):
    address, between = rows[what], []
    module = MODULES[address.partition("/")[0]]
    check, known = module.check_version, {"If-Match": robot.get(address).headers["etag"]}

    def compared(call, content):
        check(call, content)
        between.append(bool(wait([pool.submit(touch, address)], timeout=0.3).done))

    monkeypatch.setattr(module, "check_version", compared)
    with ThreadPoolExecutor(1) as pool:
        answer = ask(robot, method, f"{address}{path}", body, known)

    assert (answer.status_code in {200, 201, 204}, between) == (True, [False]), answer.text


@pytest.mark.parametrize(
    ("method", "path", "body"), [("patch", "", {"name": "Otra"}), ("post", "/close", None), ("post", "/open", None)]
)
def test_of_several_who_know_the_same_series_one_changes_it(robot, rows, method, path, body):
    address = rows["series"]
    if path == "/open":
        robot.post(f"{address}/close")
    known = {"If-Match": robot.get(address).headers["etag"]}

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask, robot, method, f"{address}{path}", body, known) for _one in range(8)]
        statuses = sorted(one.result().status_code for one in asked)

    assert statuses == [200] + [412] * 7
