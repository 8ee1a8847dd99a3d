"""Webhooks in the office: kept, refused, tried out, told again; the secret shown once; only for who administers."""

import datetime as dt
import re
from threading import Event

import pytest
from msgspec.structs import replace
from sqlalchemy import select, update

from app import clock
from app.domain.webhook_deliveries import due_webhooks
from app.domain.webhooks import SaveWebhook, open_secret, save_webhook
from app.scope import SYSTEM, CompanyScope
from app.secrets import hash_password
from app.webhook_courier import tell_webhook
from models import AuditEntry, StaffSession, StaffUser, Webhook, WebhookDelivery
from models.enums import DeliveryStatus, Role, WebhookEvent
from tests.rig.desk import fields_of, renew, text_of
from tests.rig.receiver import receiving
from tests.rig.sheet import errors_of_sheet

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PASSWORD = "el gato duerme al sol"
SECRET = re.compile(r"whsec_[0-9A-Za-z]{43}")


@pytest.fixture
def settings(settings):
    return replace(settings, private_hosts=frozenset({"localhost"}))


@pytest.fixture
def receiver():
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def deliver(installation, db):
    """What the worker does with what is due."""

    def deliver():
        db.rollback()
        with installation.database.read(SYSTEM) as everybody:
            due = due_webhooks(everybody, clock.now())
        for one in due:
            tell_webhook(installation, one, Event(), clock.now)

    return deliver


def fields(receiver, **values):
    return {"name": "Tienda", "url": f"{receiver.url}/avisos", "contact_created": "y", "mail_failed": "y"} | values


def kept(db):
    renew(db)
    return db.scalars(select(Webhook).order_by(Webhook.id)).all()


def told(db):
    renew(db)
    return [
        (one.event, one.status, one.attempts)
        for one in db.scalars(select(WebhookDelivery).order_by(WebhookDelivery.id))
    ]


def made(desk, db, receiver, **values):
    page = desk.post("webhook/create", fields(receiver, **values))
    assert page.status_code == 200, text_of(page)
    return kept(db)[-1], SECRET.findall(page.text)[0]


def test_one_is_kept_with_its_secret_sealed_and_shown_once(desk, db, installation, receiver):
    webhook, secret = made(desk, db, receiver)

    pages = [
        desk.get(path).text
        for path in ("webhook/list", f"webhook/edit/{webhook.id}", f"webhook/deliveries/{webhook.id}")
    ]
    form = fields_of(desk.get(f"webhook/edit/{webhook.id}"))
    assert (webhook.name, webhook.url, webhook.events) == (
        "Tienda",
        f"{receiver.url}/avisos",
        ["contact.created", "mail.failed"],
    )
    assert open_secret(webhook, installation.keys) == secret
    audited = str([entry.changes for entry in db.scalars(select(AuditEntry))])
    hidden = (secret, webhook.sealed_secret)
    assert [one in place for one in hidden for place in (*pages, audited)] == [False] * 8
    assert form == {"name": "Tienda", "url": webhook.url, "contact_created": "y", "mail_failed": "y"}
    assert "Alta de un contacto y otro más" in " ".join(text_of(desk.get("webhook/list")).split())


def test_what_is_changed_is_what_is_told_from_then_on(desk, db, receiver):
    webhook, _secret = made(desk, db, receiver)

    changed = fields_of(desk.get(f"webhook/edit/{webhook.id}")) | {
        "is_stopped": "y",
        "name": "ERP",
        "document_issued": "y",
    }
    page = desk.follow(
        desk.post(
            f"webhook/edit/{webhook.id}", {name: value for name, value in changed.items() if name != "mail_failed"}
        )
    )

    (webhook,) = kept(db)
    assert (webhook.name, webhook.events, webhook.stopped_at is None) == (
        "ERP",
        ["contact.created", "document.issued"],
        False,
    )
    assert "cambió" in text_of(page)
    assert "Detenido" in text_of(desk.get("webhook/list"))


@ONLY_SQLITE
@pytest.mark.parametrize(
    "url",
    [
        "",
        "tienda.example/avisos",
        "http://tienda.example/avisos",
        "ftp://tienda.example/",
        "https://ana:clave@tienda.example/",
        "https://tienda.example:8443/",
        "https://tienda.example/#a",
        "https:///avisos",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://tienda.example/ñ",
        "https://tienda.example/a b",
        "javascript:alert(1)",
        "https://" + "a" * 3000 + ".example/",
    ],
)
def test_an_address_that_will_not_do_is_refused_beside_it(desk, db, receiver, url):
    answer = desk.post("webhook/create", fields(receiver, url=url))

    assert (answer.status_code, list(errors_of_sheet(answer)), kept(db)) == (422, ["url"], [])
    assert ("Tiene que empezar por https://." in text_of(answer)) is url.startswith("http:")


def test_an_address_is_told_by_one_alone(desk, db, receiver):
    made(desk, db, receiver)
    other, _secret = made(desk, db, receiver, name="ERP", url=f"{receiver.url}/otros")

    twice = desk.post("webhook/create", fields(receiver, name="Otra"))
    moved = desk.post(f"webhook/edit/{other.id}", fields(receiver, name="ERP"))
    same = desk.post(f"webhook/edit/{other.id}", fields(receiver, name="ERP 2", url=other.url))

    assert [errors_of_sheet(answer)["url"] for answer in (twice, moved)] == [
        "A esa dirección ya se le avisa con «Tienda»."
    ] * 2
    assert same.status_code == 303
    assert [one.name for one in kept(db)] == ["Tienda", "ERP 2"]


@ONLY_SQLITE
def test_one_that_listens_to_nothing_is_refused(desk, db, receiver):
    answer = desk.post("webhook/create", {"name": "Tienda", "url": receiver.url})

    assert ("Marque al menos un suceso." in text_of(answer), kept(db)) == (True, [])


def test_a_trial_shows_what_was_answered_and_can_be_told_again(desk, db, receiver, deliver):
    webhook, _secret = made(desk, db, receiver)
    receiver.answers = [500, 200]
    receiver.content = b"<script>alert(1)</script>"

    sent = desk.follow(desk.post(f"webhook/test/{webhook.id}"))
    waiting = told(db)
    deliver()
    failed = desk.get(f"webhook/deliveries/{webhook.id}")
    db.execute(
        update(WebhookDelivery).where(WebhookDelivery.company_id == db.company_id).values(status=DeliveryStatus.FAILED)
    )
    db.commit()
    given_up = text_of(desk.get(f"webhook/deliveries/{webhook.id}"))
    again = desk.follow(desk.post(f"webhook/resend/{webhook.id}"))
    deliver()
    page = desk.get(f"webhook/deliveries/{webhook.id}")

    assert "Aviso de prueba en camino." in text_of(sent)
    assert waiting == [("test", DeliveryStatus.WAITING, 0)]
    assert "500 <script>alert(1)</script>" in text_of(failed)
    assert "<script>alert(1)" not in failed.text
    assert "Reenviar los no entregados" in given_up
    assert "El aviso vuelve a la cola." in text_of(again)
    assert told(db) == [("test", DeliveryStatus.DELIVERED, 2)]
    assert "Entregado" in text_of(page)
    assert receiver.asked[0].body == receiver.asked[1].body


@ONLY_SQLITE
def test_one_delivery_alone_is_told_again(desk, db, receiver, deliver):
    webhook, _secret = made(desk, db, receiver)
    for _one in range(2):
        desk.post(f"webhook/test/{webhook.id}")
    deliver()
    first = db.scalars(select(WebhookDelivery.id).order_by(WebhookDelivery.id)).first()

    desk.post(f"webhook/resend/{webhook.id}", {"delivery": str(first)})
    answers = [
        text_of(desk.follow(desk.post(f"webhook/resend/{webhook.id}", {"delivery": str(wrong)})))
        for wrong in (first + 10, "")
    ]

    assert [one[1] for one in told(db)] == [DeliveryStatus.WAITING, DeliveryStatus.DELIVERED]
    assert ["No existe" in answer or "No se encuentra" in answer for answer in answers] == [True, True]


@ONLY_SQLITE
def test_another_secret_signs_from_now_on(desk, db, installation, receiver):
    webhook, first = made(desk, db, receiver)

    asked = desk.get(f"webhook/secret/{webhook.id}")
    page = desk.post(f"webhook/secret/{webhook.id}")

    (second,) = set(SECRET.findall(page.text))
    assert "Los avisos se firman con el nuevo desde ahora" in text_of(asked)
    assert (second == first, open_secret(kept(db)[0], installation.keys) == second) == (False, True)


def left_alone(db):
    """The screen has been open for a while: whoever sits there now need not be who signed in."""
    renew(db)
    db.execute(update(StaffUser).values(password_hash=hash_password(PASSWORD)))
    db.execute(update(StaffSession).values(created_at=clock.now() - dt.timedelta(minutes=16)))
    db.commit()


@ONLY_SQLITE
def test_who_gave_their_password_long_ago_gives_it_again_to_make_one(desk, db, receiver):
    left_alone(db)

    opened = desk.get("webhook/create")
    asked, wrong = (desk.post("webhook/create", fields(receiver, **said)) for said in ({}, {"current": "no es"}))
    before = kept(db)
    right = desk.post("webhook/create", fields(receiver, current=PASSWORD))

    assert [errors_of_sheet(answer) for answer in (asked, wrong)] == [
        {"current": "Para cambiar esto, escriba su contraseña de Ventanilla."},
        {"current": "No es su contraseña de Ventanilla."},
    ]
    assert ['id="current"' in page.text for page in (opened, asked, wrong)] == [False, True, True]
    assert [answer.status_code for answer in (asked, wrong, right)] == [422, 422, 200]
    assert (before, [one.name for one in kept(db)]) == ([], ["Tienda"])


@ONLY_SQLITE
def test_its_address_is_not_changed_without_the_password_and_the_rest_is(desk, db, receiver):
    webhook, _secret = made(desk, db, receiver)
    left_alone(db)
    address, elsewhere = f"webhook/edit/{webhook.id}", f"{receiver.url}/otro"

    harmless = desk.post(address, fields(receiver, name="ERP"))
    asked = desk.post(address, fields(receiver, url=elsewhere))
    before = kept(db)[0].url
    right = desk.post(address, fields(receiver, url=elsewhere, current=PASSWORD))
    after = kept(db)[0].url
    trusted = desk.post(address, fields(receiver))

    assert [answer.status_code for answer in (harmless, asked, right, trusted)] == [303, 422, 303, 303]
    assert errors_of_sheet(asked) == {"current": "Para cambiar esto, escriba su contraseña de Ventanilla."}
    assert (before, after) == (f"{receiver.url}/avisos", elsewhere)


@ONLY_SQLITE
def test_another_secret_is_not_shown_without_the_password(desk, db, installation, receiver):
    webhook, secret = made(desk, db, receiver)
    left_alone(db)
    address = f"webhook/secret/{webhook.id}"

    opened, asked = desk.get(address), desk.post(address)
    before = open_secret(kept(db)[0], installation.keys)
    right = desk.post(address, {"current": PASSWORD})

    assert ['id="current"' in page.text for page in (opened, asked)] == [False, True]
    assert (asked.status_code, before, SECRET.findall(asked.text)) == (422, secret, [])
    assert (right.status_code, len(set(SECRET.findall(right.text)))) == (200, 1)


@ONLY_SQLITE
def test_deleted_it_takes_what_it_was_told_along(desk, db, receiver):
    webhook, _secret = made(desk, db, receiver)
    desk.post(f"webhook/test/{webhook.id}")

    page = desk.follow(desk.post(f"webhook/delete/{webhook.id}"))

    assert ("Eliminado." in text_of(page), kept(db), told(db)) == (True, [], [])


@ONLY_SQLITE
def test_many_deliveries_come_fifty_at_a_time(desk, db, receiver):
    webhook, _secret = made(desk, db, receiver)
    for _one in range(51):
        desk.post(f"webhook/test/{webhook.id}")

    first = desk.get(f"webhook/deliveries/{webhook.id}").text
    (before,) = re.findall(r"\?antes=(\d+)", first)
    second = desk.get(f"webhook/deliveries/{webhook.id}?antes={before}").text

    shown = [re.findall(r"Reenviar el aviso (\d+)", page) for page in (first, second)]
    assert shown == [[str(n) for n in range(51, 1, -1)], ["1"]]
    assert desk.get(f"webhook/deliveries/{webhook.id}?antes=x").status_code == 200


@ONLY_SQLITE
@pytest.mark.parametrize("role", [Role.READER, Role.INVOICING, Role.MANAGER])
def test_only_who_administers(sit, desk, db, receiver, role):
    webhook, _secret = made(desk, db, receiver)
    somebody = sit(role)

    seen = [
        somebody.get(f"webhook/{path}").status_code
        for path in ("list", "create", f"edit/{webhook.id}", f"deliveries/{webhook.id}", f"secret/{webhook.id}")
    ]
    done = [
        somebody.post(f"webhook/{path}/{webhook.id}").status_code
        for path in ("edit", "delete", "test", "resend", "secret")
    ]

    assert (seen, done, told(db)) == ([403] * 5, [403] * 5, [])
    assert "Webhooks" not in text_of(somebody.get(""))


@ONLY_SQLITE
def test_another_company_s_is_none(desk, db, make, make_session, installation):
    elsewhere = make.company()
    db.commit()
    with make_session(scope=CompanyScope(elsewhere.id)) as theirs:
        command = SaveWebhook(name="Ajeno", url="https://ajeno.example/", events=[WebhookEvent.MAIL_SENT])
        webhook_id = save_webhook(theirs, installation.keys, command).webhook.id
        theirs.commit()

    seen = [desk.get(f"webhook/{path}/{webhook_id}").status_code for path in ("edit", "deliveries", "secret", "delete")]
    done = [desk.post(f"webhook/{path}/{webhook_id}").status_code for path in ("test", "resend", "secret", "delete")]

    assert (seen, done) == ([404] * 4, [404] * 4)
    assert "Ajeno" not in desk.get("webhook/list").text
