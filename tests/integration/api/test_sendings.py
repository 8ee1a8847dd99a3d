"""Sending documents by mail by API: what the dialogue of the office does, by the same rules."""

import datetime as dt

import pytest
from sqlalchemy import select

from app import clock
from models import ApiKey, Dispatch, MailAccount, OutgoingMail
from models.enums import ApiScope, Role
from tests.factories import Make
from tests.rig.desk import renew
from tests.rig.robot import problem_of

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def invoices(make, db):
    make.template()
    merino = make.contact(name="Instalaciones Merino, S.L.", email="compras@merino.example")
    found = [make.invoice(contact=merino), make.invoice(contact=merino), make.invoice(contact=make.contact(email=None))]
    db.commit()
    return found


def ids(invoices):
    return [str(invoice.id) for invoice in invoices]


def queued(db):
    renew(db)
    return db.scalars(select(OutgoingMail).order_by(OutgoingMail.id)).all()


def test_from_a_preview_to_what_was_shown(robot, db, invoices):
    wanted = {"ids": ids(invoices)}
    shown = robot.post("sendings/preview", wanted).json()
    before = queued(db)

    done = robot.post("sendings", wanted | {"fingerprint": shown["fingerprint"]})
    told = done.json()

    figures = ("dispatches", "documents", "customers", "amount", "drafts", "without_email", "bounced")
    assert [shown[name] for name in figures] == [2, 2, 1, "242.00", 0, 1, []]
    assert before == []
    assert (done.status_code, done.headers["location"]) == (201, f"/api/v1/batches/{told['batch_id']}")
    assert (told["dispatches"], told["mails"], told["without_email"]) == (2, 2, 1)
    assert told["detail"] == "2 correos en cola. A 1 destinatario no se le envía."
    mails = queued(db)
    assert [(mail.recipient, mail.document_id) for mail in mails] == [
        ("compras@merino.example", invoice.id) for invoice in invoices[:2]
    ]
    subjects = db.scalars(select(Dispatch.subject).order_by(Dispatch.id)).all()
    assert subjects == ["Adjunto Factura FV26 0001 de Suministros Tosma, S.L.", *subjects[1:]]


def test_to_whom_it_is_said_in_the_words_that_are_said(robot, db, make, invoices):
    tomorrow = clock.now().replace(microsecond=0) + dt.timedelta(days=1)
    wanted = {
        "ids": ids(invoices[:2]),
        "grouping": "customer",
        "to": [{"email": "lucia@merino.example", "name": "Lucía"}],
        "cc": [{"email": "copia@merino.example"}],
        "bcc": [{"email": "oculta@tosma.example"}],
        "subject": "De {cliente}",
        "message": "Hola, {cliente}: van {referencia}.",
        "sender": "company",
        "send_at": tomorrow.isoformat().replace("+00:00", "Z"),
    }

    told = robot.post("sendings", wanted).json()

    assert (told["dispatches"], told["mails"]) == (1, 3)
    dispatch = db.scalars(select(Dispatch)).one()
    assert (dispatch.subject, dispatch.due_at) == ("De Instalaciones Merino, S.L.", tomorrow)
    assert dispatch.body.startswith("<p>Hola, Instalaciones Merino, S.L.: van ")
    assert dispatch.recipients == {"to": [["lucia@merino.example", "Lucía"]], "cc": [["copia@merino.example", ""]]}
    assert sorted((mail.recipient, mail.account_id) for mail in queued(db)) == [
        ("copia@merino.example", None), ("lucia@merino.example", None), ("oculta@tosma.example", None),
    ]  # fmt: skip


@ONLY_SQLITE
def test_a_customer_is_written_to_in_spanish_whatever_the_program_speaks(robot, db, invoices):
    told = robot.post("sendings", {"ids": ids(invoices[:1])}, headers={"Accept-Language": "en"}).json()

    assert told["detail"] == "1 mail queued."
    assert db.scalars(select(Dispatch.subject)).one().startswith("Adjunto Factura ")


def test_the_same_key_sends_once(robot, db, invoices):
    wanted, headers = {"ids": ids(invoices[:1])}, {"Idempotency-Key": "one-and-the-same"}

    first, second = (robot.post("sendings", wanted, headers=headers) for _ in range(2))

    assert (first.status_code, second.status_code, second.json()) == (201, 201, first.json())
    assert len(queued(db)) == 1


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("wish", "pointer"),
    [
        ({"to": [{"email": "a@b,c@d"}]}, "/to/0/email"),
        ({"to": []}, "/to"),
        ({"cc": [{"email": "x\r\nBcc: y@z.example"}]}, "/cc/0/email"),
        ({"subject": "Hola\r\nBcc: x@y.example"}, "/subject"),
        ({"subject": "{x.__class__}"}, "/subject"),
        ({"message": "<script>alert(1)</script>"}, "/message"),
        ({"message": "{{7*7}}"}, "/message"),
        ({"sender": "own"}, "/sender"),
        ({"send_at": "2020-01-01T00:00:00Z"}, "/send_at"),
        ({"reply_to": "nadie"}, "/reply_to"),
        ({"key": "x"}, "/key"),
    ],
)
@pytest.mark.parametrize("path", ["sendings", "sendings/preview"])
def test_what_cannot_be_names_its_field_and_sends_nothing(robot, db, invoices, path, wish, pointer):
    answer = robot.post(path, {"ids": ids(invoices[:1])} | wish)

    status, _code, errors = problem_of(answer)
    assert (status, errors[0][0]) == (422, pointer)
    assert queued(db) == []


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("to", "places"),
    [
        ([{"email": "a@b,c@d"}], ["/to/0/email"]),
        ([{"email": "a@b,c@d"}, {"name": "Lucía"}], ["/to/0/email", "/to/1/email"]),
        ([{"email": "lucia@merino.example"}, {"email": "nadie"}], ["/to/1/email"]),
        ([], ["/to"]),
    ],
)
def test_only_the_addresses_that_are_wrong_are_told(robot, invoices, to, places):
    answer = robot.post("sendings", {"ids": ids(invoices[:1]), "to": to})

    assert [place for place, _code in problem_of(answer)[2]] == places


@ONLY_SQLITE
@pytest.mark.parametrize("path", ["sendings", "sendings/preview", "publications", "publications/preview"])
def test_a_template_nobody_uses_any_more_is_refused_at_once(robot, db, make, invoices, path):
    version = make.template()
    version.template.archived_at = clock.now()
    db.commit()

    answer = robot.post(path, {"ids": ids(invoices[:1]), "template_id": str(version.template_id)})

    assert problem_of(answer) == (409, "template_archived", [])


@ONLY_SQLITE
def test_what_changed_meanwhile_is_not_sent(robot, db, invoices):
    shown = robot.post("sendings/preview", {"ids": ids(invoices[:1])}).json()

    answer = robot.post("sendings", {"ids": ids(invoices[:2]), "fingerprint": shown["fingerprint"]})

    assert problem_of(answer) == (409, "selection_changed", [])
    assert queued(db) == []


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("chosen", "wish", "sentences"),
    [
        ([2], {}, ("Escriba al menos una dirección.", "Write at least one address.")),
        ([2, 3], {}, ("Nadie tiene correo.", "Nobody has an e-mail address.")),
        (
            [0],
            {"as_links": True},
            ("No está publicada: el enlace no llevaría a nada.", "It is not published: the link would lead nowhere."),
        ),
        (
            [0, 1],
            {"as_links": True},
            (
                "Ninguna está publicada: los enlaces no llevarían a nada.",
                "None of them is published: the links would lead nowhere.",
            ),
        ),
        ([4], {}, ("Es un borrador: emítalo antes.", "It is a draft: issue it first.")),
    ],
)
def test_nothing_to_send_is_refused_with_its_reason(robot, make, db, invoices, chosen, wish, sentences):
    rows = [*invoices, make.invoice(contact=make.contact(email=None)), make.draft()]
    db.commit()
    wanted = {"ids": ids(rows[place] for place in chosen)} | wish

    answers = [robot.post("sendings", wanted, headers={"Accept-Language": spoken}) for spoken in ("es", "en")]

    assert [problem_of(answer) for answer in answers] == [(409, "nothing_to_send", [])] * 2
    assert tuple(answer.json()["detail"] for answer in answers) == sentences
    assert queued(db) == []


@ONLY_SQLITE
def test_one_s_own_account_is_used_when_there_is_one_and_nobody_else_s(build, make, db, invoices):
    robot = build(Role.INVOICING)
    other = make.mail_account(user_id=make.user().id)
    db.commit()
    robot.post("sendings", {"ids": ids(invoices[:1])})
    own = make.mail_account(user_id=robot_user(db), sender_email="yo@tosma.example")
    db.commit()
    robot.post("sendings", {"ids": ids(invoices[1:2])})

    assert [mail.account_id for mail in queued(db)] == [None, own.id]
    assert other.id not in {mail.account_id for mail in queued(db)}


@pytest.mark.parametrize(
    ("wish", "asked"),
    [
        ({}, True),
        ({"wants_receipt": None}, True),
        ({"wants_receipt": False}, False),
        ({"sender": "own"}, True),
        ({"sender": "company"}, False),
        ({"sender": "company", "wants_receipt": True}, True),
    ],
)
def test_a_receipt_is_asked_for_as_the_account_does_unless_it_is_said(build, make, db, invoices, wish, asked):
    robot = build(Role.INVOICING)
    make.mail_account(wants_receipt=False)
    make.mail_account(user_id=db.scalars(select(ApiKey.user_id)).one(), wants_receipt=True)
    db.commit()

    robot.post("sendings", {"ids": ids(invoices[:1])} | wish)

    assert db.scalars(select(Dispatch.wants_receipt)).all() == [asked]


@ONLY_SQLITE
@pytest.mark.parametrize("asked", [True, False])
def test_without_an_account_of_one_s_own_the_company_s_says_it(robot, make, db, invoices, asked):
    make.mail_account(wants_receipt=asked)
    db.commit()

    robot.post("sendings", {"ids": ids(invoices[:1])})

    assert db.scalars(select(Dispatch.wants_receipt)).all() == [asked]


def robot_user(db):
    return db.scalar(select(Dispatch.user_id).order_by(Dispatch.id.desc()).limit(1))


@ONLY_SQLITE
def test_a_key_without_the_scope_and_a_stranger_send_nothing(build, db, make, system_db, invoices):
    reading = build(Role.ADMINISTRATOR, [ApiScope.READ]).post("sendings", {"ids": ids(invoices[:1])})
    others = Make(system_db, make.home)
    company_id = others.company().id
    foreign = others.invoice(contact=others.contact(company_id=company_id), series=others.series(company_id=company_id))
    system_db.commit()
    elsewhere = build().post("sendings", {"ids": [str(foreign.id)]})

    assert (reading.status_code, elsewhere.status_code) == (403, 404)
    assert queued(db) == []
    assert db.scalars(select(MailAccount)).all() == []


def test_a_sending_is_a_batch_with_its_documents_and_mails(robot, invoices):
    batch_id = robot.post("sendings", {"ids": ids(invoices[:2])}).json()["batch_id"]

    progress = robot.get(f"batches/{batch_id}").json()["progress"]
    documents = robot.get(f"batches/{batch_id}/documents").json()["items"]
    mails = robot.get("mails", batch_id=batch_id).json()["items"]
    mail = robot.get(f"mails/{mails[0]['id']}").json()

    assert (progress["waiting"], progress["is_over"]) == (2, False)
    assert [each["batch_id"] for each in (*mails, mail)] == [batch_id] * 3
    assert [document["id"] for document in documents] == ids(invoices[:2])


@ONLY_SQLITE
@pytest.mark.parametrize("message", ["<p></p>", "<!-- nada -->"])
def test_a_message_with_nothing_in_it_is_not_replaced_by_the_office_s(robot, db, invoices, message):
    answer = robot.post("sendings", {"ids": ids(invoices[:1]), "message": message})

    assert problem_of(answer)[0] == 422
    assert queued(db) == []
