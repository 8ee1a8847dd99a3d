"""The company's key: for whose name it may be, and every mail from its account signed with it."""

import dkim
import pytest
from sqlalchemy import select

from app.adapters.letters.signatures import DkimKey, new_key
from app.domain.mail.dkim_keys import SaveDkimKey, open_dkim_key, remove_dkim_key, save_dkim_key
from app.errors import InvalidValue, NotFound
from app.scope import Actor, CompanyScope
from app.secrets import Keys
from models import AuditEntry, MailAccount
from models.enums import MailKind, MailStatus
from tests.factories import Make
from tests.smtp_sink import Step

KEYS = Keys(("a key of forty characters for tests only",))
PRIVATE = new_key()
KEY = DkimKey(domain="tosma.example", selector="ventanilla", private_key=PRIVATE)


def save(db, **values):
    known = {"domain": "tosma.example", "selector": "ventanilla", "private_key": PRIVATE}
    return save_dkim_key(db, KEYS, SaveDkimKey(**known | values))


def verifies(content) -> bool:
    return bool(dkim.verify(content, dnsfunc=lambda name, timeout=5: KEY.record.encode()))


@pytest.fixture
def companys(db, make):
    account = make.mail_account()
    db.commit()
    return account


def test_the_key_is_kept_sealed_for_the_company_s_account(db, companys):
    kept = save(db, domain=" Tosma.Example. ", selector="VENTANILLA")

    assert (kept.id, kept.dkim_domain, kept.dkim_selector) == (companys.id, "tosma.example", "ventanilla")
    assert (open_dkim_key(kept, KEYS), "PRIVATE" in kept.sealed_dkim_key) == (PRIVATE, False)
    sealed = kept.sealed_dkim_key
    assert save(db, selector="otro", private_key=None).sealed_dkim_key == sealed


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"domain": ""}, "domain"),
        ({"domain": "tosma"}, "domain"),
        ({"domain": "tosma.example; p=x"}, "domain"),
        ({"domain": "-a.example"}, "domain"),
        ({"domain": "merino.example"}, "domain"),
        ({"domain": "osma.example"}, "domain"),
        ({"domain": "correo.tosma.example"}, "domain"),
        ({"selector": ""}, "selector"),
        ({"selector": "con espacio"}, "selector"),
        ({"selector": "ñ"}, "selector"),
        ({"selector": "s" * 41}, "selector"),
        ({"private_key": None}, "private_key"),
    ],
)
def test_what_a_key_may_not_be_for(db, companys, values, field):
    with pytest.raises(InvalidValue) as refusal:
        save(db, **values)

    assert refusal.value.field == field


def test_a_sender_of_a_subdomain_is_signed_for_by_the_domain_above(db, companys):
    companys.sender_email = "facturas@avisos.tosma.example"
    db.flush()

    assert save(db).dkim_domain == "tosma.example"


def test_without_an_account_there_is_nothing_to_sign(db, system_db, company):
    Make(system_db, Make(system_db, company).company()).mail_account()
    system_db.commit()

    for attempt in (lambda: save(db), lambda: remove_dkim_key(db)):
        with pytest.raises(NotFound):
            attempt()


def test_the_audit_does_not_tell_the_key(post):
    scope, actor = CompanyScope(post.company.id), Actor("Marta", None)
    post.installation.database.run(scope, lambda db: save(db).id, actor)

    changes = post.db.scalars(select(AuditEntry.changes)).all()
    assert changes[-1]["sealed_dkim_key"] == ["••••", "••••"]


@pytest.mark.parametrize("kind", [MailKind.NOTICE, MailKind.TEST, MailKind.RECOVERY])
def test_every_mail_of_the_company_leaves_signed(post, sink, kind):
    save(post.db)
    post.db.commit()
    mail = {MailKind.NOTICE: post.notice, MailKind.TEST: lambda: post.mail(kind)}.get(kind, lambda: post.letter(kind))()

    post.send()

    assert (post.now(mail).status, verifies(sink.received[0].content)) == (MailStatus.SENT, True)


def test_it_signs_no_longer_when_removed_nor_for_another_domain(post, sink):
    save(post.db)
    post.db.commit()
    remove_dkim_key(post.db)
    post.db.commit()
    post.mail(MailKind.TEST)
    post.send()
    save(post.db)
    post.account.sender_email = "avisos@otro.example"
    post.db.commit()
    post.mail(MailKind.TEST)
    post.send()

    assert [b"DKIM-Signature" in received.content for received in sink.received] == [False, False]


def test_a_key_that_cannot_be_opened_keeps_no_mail_back(post, sink):
    save_dkim_key(
        post.db, Keys(("x" * 40,)), SaveDkimKey(domain="tosma.example", selector="ventanilla", private_key=PRIVATE)
    )
    post.db.commit()
    mail = post.mail(MailKind.TEST)

    post.send()

    assert (post.now(mail).status, b"DKIM-Signature" in sink.received[0].content) == (MailStatus.SENT, False)


def test_a_mail_tried_again_keeps_its_signature(post, sink):
    save(post.db)
    post.db.commit()
    sink.steps["RCPT"] = [Step(reply="450 4.2.0 vuelva luego")]
    mail = post.mail(MailKind.TEST)
    post.send()
    frozen = post.now(mail).frozen
    post.time.pass_by(minutes=2)
    post.send()

    assert (post.now(mail).status, post.now(mail).frozen, sink.received[0].content) == (MailStatus.SENT, frozen, frozen)
    assert post.db.scalars(select(MailAccount)).one().dkim_selector == "ventanilla"
