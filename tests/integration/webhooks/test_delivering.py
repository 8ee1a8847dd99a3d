"""Telling: signed, in order, again for three days, and never twice at once."""

import datetime as dt
import hmac
import json
from threading import Event

import pytest
from sqlalchemy import select, update

from app import clock
from app.chores import give_up, throw_away
from app.domain.saving_contacts import SaveContact, save_contact
from app.domain.webhook_deliveries import (
    PAUSES,
    WAITS,
    Due,
    Hold,
    claim_webhook,
    resend_deliveries,
    signature,
)
from app.domain.webhooks import SaveWebhook, renew_secret, save_webhook, try_webhook
from app.errors import NotFound
from app.webhook_courier import tell_webhook
from app.worker import run_worker
from models import Webhook, WebhookDelivery
from models.enums import DeliveryStatus
from tests.rig.desk import renew

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
DAY = dt.timedelta(days=1)


def happen(db, count=1):
    for number in range(count):
        save_contact(db, SaveContact(name=f"Cliente {number}", code=f"X{number}"))
        db.commit()


def deliveries(db):
    renew(db)
    return db.scalars(select(WebhookDelivery).order_by(WebhookDelivery.position)).all()


def states(db):
    return [(row.position, row.status.value, row.attempts, row.last_status) for row in deliveries(db)]


def later(delta):
    return lambda: clock.now() + delta


def sequences(receiver):
    return [json.loads(asked.body)["sequence"] for asked in receiver.asked]


def test_it_arrives_signed_and_says_what_happened(db, listen, deliver, receiver):
    saved = listen()
    happen(db)

    deliver()

    (asked,), (row,) = receiver.asked, deliveries(db)
    told = json.loads(asked.body)
    assert (asked.method, asked.path, asked.headers["content-type"]) == ("POST", "/avisos", "application/json")
    assert told == {
        "id": str(row.id),
        "sequence": 1,
        "event": "contact.created",
        "at": told["at"],
        "object": {"type": "contact", "id": str(row.subject_id)},
        "facts": {"code": "X0", "name": "Cliente 0"},
    }
    assert (asked.headers["ventanilla-event"], asked.headers["ventanilla-delivery"]) == ("contact.created", str(row.id))
    seconds, mac = (part.partition("=")[2] for part in asked.headers["ventanilla-signature"].split(","))
    expected = hmac.new(saved.secret.encode(), f"{seconds}.".encode() + asked.body, "sha256").hexdigest()
    assert mac == expected
    assert abs(clock.now().timestamp() - int(seconds)) < 60
    assert (row.status, row.attempts, row.last_status, row.last_answer) == (
        DeliveryStatus.DELIVERED, 1, 200, "recibido",
    )  # fmt: skip
    assert deliver() == 0


def test_in_the_order_in_which_it_happened(db, listen, deliver, receiver):
    listen()
    happen(db, 25)

    deliver()

    assert sequences(receiver) == list(range(1, 26))


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 410, 429, 500, 503])
@ONLY_SQLITE
def test_what_is_not_wanted_waits_and_the_rest_goes_on(db, listen, deliver, receiver, status):
    listen()
    happen(db, 3)
    receiver.answers = [200, status, 200]
    receiver.headers = {"Location": f"{receiver.url}/otra"}

    deliver()
    first = states(db)
    early = deliver()
    deliver(later(WAITS[0]))

    assert first == [(1, "delivered", 1, 200), (2, "waiting", 1, status), (3, "delivered", 1, 200)]
    assert early == 0
    assert states(db)[1] == (2, "delivered", 2, 200)
    assert sequences(receiver) == [1, 2, 3, 2]
    assert receiver.asked[1].body == receiver.asked[3].body
    assert {asked.path for asked in receiver.asked} == {"/avisos"}


def test_where_nobody_answers_everything_waits(db, listen, deliver, receiver):
    webhook = listen(url="http://localhost:9/avisos").webhook
    happen(db, 3)

    deliver()
    paused = db.get_one(Webhook, webhook.id, populate_existing=True)
    standing = (paused.failures, paused.last_error, paused.claim)
    early = deliver()
    deliver(later(PAUSES[0]))

    assert standing == (1, "localhost rechaza la conexión en el puerto 9.", None)
    assert early == 0
    assert states(db) == [(1, "waiting", 2, None), (2, "waiting", 0, None), (3, "waiting", 0, None)]
    assert db.get_one(Webhook, webhook.id, populate_existing=True).failures == 2


def test_another_address_is_tried_at_once(db, installation, listen, deliver, receiver):
    webhook = listen(url="http://localhost:9/avisos").webhook
    happen(db)
    deliver()
    renew(db)
    save_webhook(
        db,
        installation.keys,
        SaveWebhook(id=webhook.id, name="Tienda", url=f"{receiver.url}/nueva", events=["contact.created"]),
    )
    db.commit()

    deliver()

    assert [asked.path for asked in receiver.asked] == ["/nueva"]
    assert states(db) == [(1, "delivered", 2, 200)]


def test_after_three_days_it_is_given_up(db, installation, listen, deliver, receiver):
    listen()
    happen(db)
    receiver.answers = [500]
    tried = []
    for _ in range(40):
        row = deliveries(db)[0]
        if row.status is not DeliveryStatus.WAITING:
            break
        tried.append(row.due_at)
        deliver(lambda due=row.due_at: due)

    (row,) = deliveries(db)
    assert (row.status, row.last_status) == (DeliveryStatus.FAILED, 500)
    assert tried[-1] - tried[0] == 3 * DAY
    assert len(tried) == row.attempts >= 12


@ONLY_SQLITE
def test_what_nobody_could_be_told_is_given_up_together(db, installation, listen, deliver):
    listen(url="http://localhost:9/avisos")
    happen(db, 5)
    deliver()

    give_up(installation.database, clock.now() + 3 * DAY)
    before = {status for _position, status, *_ in states(db)}
    give_up(installation.database, clock.now() + 3 * DAY + 2 * PAUSES[-1])

    assert before == {"waiting"}
    assert {status for _position, status, *_ in states(db)} == {"failed"}


def test_it_can_be_told_again_the_very_same(db, listen, deliver, receiver):
    webhook = listen().webhook
    happen(db, 2)
    deliver()

    resent = resend_deliveries(db, webhook.id, [deliveries(db)[0].id])
    db.commit()
    deliver()

    assert str(resent) == "El aviso vuelve a la cola."
    assert sequences(receiver) == [1, 2, 1]
    assert receiver.asked[0].body == receiver.asked[2].body
    assert receiver.asked[0].headers["ventanilla-delivery"] == receiver.asked[2].headers["ventanilla-delivery"]
    with pytest.raises(NotFound):
        resend_deliveries(db, webhook.id + 1, [deliveries(db)[0].id])


def test_only_one_worker_tells_a_webhook(db, installation, listen, deliver, receiver):
    webhook = listen().webhook
    happen(db)
    hold = Hold(claim="otro", now=clock.now(), lease=dt.timedelta(seconds=60))
    held = claim_webhook(db, webhook.id, hold)
    db.commit()

    meanwhile = deliver()
    tell_webhook(installation, Due(webhook.company_id, webhook.id), Event(), clock.now)
    untouched = len(receiver.asked)
    deliver(later(dt.timedelta(seconds=61)))

    assert held is not None
    assert (meanwhile, untouched, len(receiver.asked)) == (0, 0, 1)


def test_who_lost_the_hold_writes_nothing(db, installation, listen, receiver, monkeypatch):
    webhook = listen().webhook
    happen(db, 2)

    def lose(_self, *_):
        db.execute(
            update(Webhook).where(Webhook.company_id == db.company_id, Webhook.id == webhook.id).values(claim="otro")
        )
        db.commit()
        return "t=0,v1=0"

    monkeypatch.setattr("app.webhook_courier.signature", lose)
    tell_webhook(installation, Due(webhook.company_id, webhook.id), Event(), clock.now)

    assert len(receiver.asked) == 1
    assert states(db) == [(1, "waiting", 0, None), (2, "waiting", 0, None)]


@ONLY_SQLITE
def test_another_secret_signs_from_the_next_on(db, installation, listen, deliver, receiver):
    first = listen()
    happen(db)
    deliver()
    renewed = renew_secret(db, installation.keys, first.webhook.id)
    db.commit()
    try_webhook(db, first.webhook.id)
    db.commit()
    deliver()

    old, new = receiver.asked
    assert first.secret != renewed.secret
    for asked, secret in ((old, first.secret), (new, renewed.secret)):
        given = asked.headers["ventanilla-signature"]
        moment = dt.datetime.fromtimestamp(int(given.partition(",")[0].removeprefix("t=")), dt.UTC)
        assert signature(secret, moment, asked.body) == given
    assert json.loads(new.body)["event"] == "test"
    assert first.secret not in first.webhook.sealed_secret


@ONLY_SQLITE
def test_an_answer_is_kept_short_and_harmless(db, listen, deliver, receiver):
    listen()
    happen(db)
    receiver.content = b"<script>\x00\x1b[31m\xff" + b"a" * 5000

    deliver()

    (row,) = deliveries(db)
    assert row.last_answer.startswith("<script>  [31m\ufffdaaa")
    assert len(row.last_answer) == 500


@ONLY_SQLITE
def test_an_address_inside_the_own_network_is_never_asked(db, listen, deliver, receiver):
    listen(url=f"https://127.0.0.1:{receiver.port}/avisos")
    happen(db)

    deliver()

    assert receiver.asked == []
    assert "no está permitido" in deliveries(db)[0].last_answer or "red privada" in deliveries(db)[0].last_answer


@ONLY_SQLITE
def test_the_worker_tells_them(db, installation, listen, receiver):
    listen()
    happen(db, 2)
    stop = Event()
    receiver_got = receiver.asked

    class Enough(Event):
        def wait(self, timeout=None):
            if len(receiver_got) == 2:
                self.set()
            return super().wait(min(timeout or 0.05, 0.05))

    stop = Enough()
    run_worker(installation, stop)

    assert sequences(receiver) == [1, 2]


@ONLY_SQLITE
def test_what_was_told_is_forgotten_after_a_month(db, installation, listen, deliver, receiver):
    listen()
    happen(db)
    deliver()

    throw_away(installation.database, clock.now() + 29 * DAY)
    kept = len(deliveries(db))
    throw_away(installation.database, clock.now() + 31 * DAY)

    assert (kept, deliveries(db)) == (1, [])
