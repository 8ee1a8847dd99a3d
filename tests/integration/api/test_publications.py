"""Publishing, withdrawing and undoing by API; batches and the mails they queued."""

import pytest
from sqlalchemy import select

from app import clock
from models import Batch, Company, OutgoingMail, Publication
from models.enums import DocumentKind, MailStatus
from tests.rig.desk import renew
from tests.rig.mails import add_mail
from tests.rig.robot import problem_of

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def invoices(make, db):
    make.template()
    found = [make.invoice() for _ in range(3)]
    db.commit()
    return found


def live(db):
    renew(db)
    return sorted(db.scalars(select(Publication.document_id).where(Publication.withdrawn_at.is_(None))))


def ids(invoices):
    return [str(invoice.id) for invoice in invoices]


def test_from_a_preview_to_what_was_shown(robot, db, invoices):
    wanted = {"ids": ids(invoices[:2])}
    shown = robot.post("publications/preview", wanted).json()
    before = live(db)

    done = robot.post("publications", wanted | {"fingerprint": shown["fingerprint"]})
    told = done.json()
    batch = robot.get(f"batches/{told['batch_id']}").json()
    documents = robot.get(f"batches/{told['batch_id']}/documents").json()["items"]
    mails = robot.get("mails", batch_id=told["batch_id"]).json()["items"]

    assert (shown["documents"], shown["customers"], shown["mails"], shown["amount"]) == (2, 2, 2, "242.00")
    assert before == []
    assert done.status_code == 201
    assert done.headers["location"] == f"/api/v1/batches/{told['batch_id']}"
    assert (told["documents"], told["mails"], told["accounts"]) == (2, 2, 2)
    assert live(db) == [invoice.id for invoice in invoices[:2]]
    assert (batch["selection"], batch["kind"], batch["user"]) == ("2 facturas", "publish", "Marta Ruiz Ortega")
    assert (batch["progress"]["documents"], batch["progress"]["waiting"], batch["progress"]["is_over"]) == (2, 2, False)
    assert [row["id"] for row in documents] == ids(invoices[:2])
    assert all(row["published_at"] for row in documents)
    assert {(mail["status"], mail["batch_id"]) for mail in mails} == {("queued", told["batch_id"])}


@ONLY_SQLITE
def test_what_changed_meanwhile_is_not_done(robot, make, db, invoices):
    wanted = {"range": {"series": "FV26", "first": 1, "last": 99}}
    shown = robot.post("publications/preview", wanted).json()
    make.invoice()
    db.commit()

    refused = robot.post("publications", wanted | {"fingerprint": shown["fingerprint"]})
    forged = robot.post("publications", wanted | {"fingerprint": "1.1.1"})
    anyhow = robot.post("publications", wanted)

    assert problem_of(refused) == (409, "selection_changed", [])
    assert problem_of(forged)[:2] == (422, "invalid_value")
    assert anyhow.json()["documents"] == 4


def test_a_filter_withdraws_and_a_batch_is_undone(robot, db, invoices):
    published = robot.post("publications", {"filter": {"published": False}, "notify": False}).json()
    shown = robot.post("withdrawals/preview", {"ids": ids(invoices[:1])}).json()
    withdrawn = robot.post("withdrawals", {"ids": ids(invoices[:1]), "fingerprint": shown["fingerprint"]}).json()
    seen = live(db)
    undone = robot.post(f"batches/{published['batch_id']}/undo").json()
    again = robot.post(f"batches/{published['batch_id']}/undo").json()

    assert (published["documents"], published["mails"]) == (3, 0)
    assert withdrawn["documents"] == 1
    assert seen == [invoice.id for invoice in invoices[1:]]
    assert live(db) == []
    assert undone == again
    assert undone["documents"] == 2
    kinds = [row["kind"] for row in robot.get("batches").json()["items"]]
    assert kinds == ["withdraw", "publish"]
    assert [row["kind"] for row in robot.get("batches", kind="publish").json()["items"]] == ["publish"]


@ONLY_SQLITE
def test_the_company_s_own_wish_about_notices(robot, db, invoices, company):
    db.get_one(Company, company.id).notify_by_default = False
    db.commit()

    assert robot.post("publications", {"ids": ids(invoices[:1])}).json()["mails"] == 0
    assert robot.post("publications", {"ids": ids(invoices[1:2]), "notify": True}).json()["mails"] == 1


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({}, [""]),
        ({"ids": ["1"], "filter": {}}, [""]),
        ({"ids": []}, ["/ids"]),
        ({"ids": ["1"] * 5001}, ["/ids"]),
        ({"ids": [1, "2"]}, ["/ids/0"]),
        ({"range": {"series": "FV26", "first": 9, "last": 1}}, ["/range/last"]),
        ({"range": {"series": "FV26", "first": 0, "last": 10**13}}, ["/range/first", "/range/last"]),
        ({"range": {"series": "FV26", "first": True, "last": 1.5}}, ["/range/first", "/range/last"]),
        ({"filter": {"status": "x", "company_id": "1"}}, ["/filter/status", "/filter/company_id"]),
    ],
)
def test_what_is_meant_must_be_clear(robot, body, places):
    for path in ("publications", "publications/preview", "withdrawals", "withdrawals/preview"):
        answer = robot.post(path, body)
        assert (problem_of(answer)[0], [place for place, _code in problem_of(answer)[2]]) == (422, places)


@ONLY_SQLITE
def test_what_is_not_there_is_told(robot, make, db, invoices):
    quote = make.document(DocumentKind.QUOTE)
    db.commit()

    answers = [
        robot.post("publications", {"ids": ["999999"]}),
        robot.post("publications", {"ids": [str(quote.id)]}),
        robot.post("publications", {"ids": ids(invoices), "template_id": "999999"}),
        robot.post("publications", {"range": {"series": "ZZ", "first": 1, "last": 2}}),
        robot.post("withdrawals", {"ids": ids(invoices)}),
        robot.post("batches/999999/undo"),
    ]

    assert [problem_of(answer)[:2] for answer in answers] == [
        (404, "not_found"), (404, "not_found"), (404, "not_found"), (409, "nothing_selected"),
        (409, "nothing_selected"), (404, "not_found"),
    ]  # fmt: skip
    assert live(db) == []


def test_published_twice_with_one_key_it_is_published_once(robot, db, invoices):
    answers = [
        robot.post("publications", {"ids": ids(invoices)}, headers={"Idempotency-Key": "noviembre"}) for _ in range(2)
    ]

    assert answers[0].content == answers[1].content
    renew(db)
    assert (len(db.scalars(select(Batch)).all()), len(db.scalars(select(OutgoingMail)).all())) == (1, 3)


def test_mails_are_read_retried_and_cancelled(robot, db):
    failed, waiting = add_mail(db, MailStatus.FAILED), add_mail(db, number=2)
    sent = add_mail(db, MailStatus.SENT, number=3)

    retried = robot.post(f"mails/{failed.id}/retry")
    cancelled = robot.post(f"mails/{waiting.id}/cancel")
    gone = robot.post(f"mails/{sent.id}/cancel")
    left = robot.post(f"mails/{sent.id}/retry", {})
    anyhow = robot.post(f"mails/{sent.id}/retry", {"sent_too": True})

    assert [answer.json()["status"] for answer in (retried, cancelled, anyhow)] == ["queued", "cancelled", "queued"]
    assert [problem_of(answer)[:2] for answer in (gone, left)] == [(409, "nothing_to_do")] * 2
    assert [row["id"] for row in robot.get("mails", status="cancelled").json()["items"]] == [str(waiting.id)]
    assert [row["id"] for row in robot.get("mails", recipient=failed.recipient).json()["items"]] == [str(failed.id)]
    assert robot.get(f"mails/{failed.id}").json()["tries"] == []
    assert problem_of(robot.get("mails/999999"))[:2] == (404, "not_found")


@ONLY_SQLITE
def test_the_content_of_a_mail_is_not_for_programs(robot, db):
    mail = add_mail(db, MailStatus.SENT, frozen=b"https://x/in/t/activar/secreto", finished_at=clock.now())

    assert "secreto" not in robot.get(f"mails/{mail.id}").text
