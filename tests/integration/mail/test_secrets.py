"""Mails that let somebody in: links and passwords exist in the mail and nowhere else."""

import datetime as dt
import re
from email.parser import BytesParser
from email.policy import SMTP

import pytest
from sqlalchemy import select

from app import clock
from app.commands.checking import whatever_is_wrong
from app.domain.mail.resending import RetryMails, retry_mails
from app.mail.shown import mail_as_sent
from app.scope import CompanyScope
from app.secrets import password_matches, token_hash
from models import Company, PortalToken
from models.enums import AccessDelivery, MailKind, MailStatus, TokenPurpose
from tests.smtp_sink import Step

LINK = re.compile(r"/in/Tosma/(activar|clave)/([\w-]{43})\b")
PASSWORD = re.compile(r"Contraseña: (\S+)")


def text_of(content: bytes) -> str:
    return BytesParser(policy=SMTP).parsebytes(content).get_body(("plain",)).get_content()


def links(sink) -> list[str]:
    return [found[2] for message in sink.received if (found := LINK.search(text_of(message.content)))]


def tokens(post) -> list[PortalToken]:
    post.db.rollback()
    return list(post.db.scalars(select(PortalToken).order_by(PortalToken.id)))


@pytest.fixture
def by_password(post):
    """The company sends passwords instead of links."""
    company = post.db.get_one(Company, post.company.id)
    company.access_delivery = AccessDelivery.PASSWORD
    post.db.commit()


@pytest.mark.parametrize(("kind", "purpose", "life"), [
    (MailKind.ACCESS, TokenPurpose.ACTIVATE, dt.timedelta(hours=72)),
    (MailKind.RECOVERY, TokenPurpose.RECOVER, dt.timedelta(minutes=30)),
])  # fmt: skip
def test_a_link_is_minted_when_its_mail_is_written(post, sink, kind, purpose, life):
    reader = post.reader(password_hash="" if kind is MailKind.ACCESS else "known")
    mail = post.letter(kind, reader)
    begin = clock.now()

    post.send()

    (link,) = links(sink)
    (token,) = tokens(post)
    assert (token.token_hash, token.purpose, token.account_id, token.used_at) == (
        token_hash(link), purpose, reader.id, None,
    )  # fmt: skip
    assert begin + life <= token.expires_at <= clock.now() + life
    assert post.now(mail).is_secret


def test_nothing_secret_is_kept_of_a_mail_that_has_left(post, sink):
    mail = post.letter(MailKind.ACCESS, post.reader(password_hash=""))
    post.send()

    kept = list(whatever_is_wrong(post.installation, post.company.id))
    post.now(mail).frozen = sink.received[0].content
    post.db.commit()
    put_back = list(whatever_is_wrong(post.installation, post.company.id))

    assert (kept, put_back) == ([], ["1 correo terminado conserva su secreto."])


def test_a_first_notice_brings_the_way_in(post, sink):
    reader = post.reader(password_hash="", told_at=None)
    post.notice(reader=reader)

    post.send()

    assert len(links(sink)) == 1
    assert post.reload(reader).told_at is not None


def test_a_notice_to_somebody_with_a_password_brings_none(post, sink):
    mail = post.notice(is_secret=True)

    post.send()

    assert (links(sink), tokens(post), post.now(mail).is_secret) == ([], [], False)


def test_a_waiting_mail_is_sealed_and_an_ended_one_shows_dots(post, sink):
    sink.steps["RCPT"] = [Step(reply="450 4.2.0 lista gris")]
    mail = post.letter(MailKind.ACCESS, post.reader(password_hash=""))

    post.send()
    waiting = post.now(mail).frozen
    shown_waiting = mail_as_sent(post.installation, mail).text
    post.time.pass_by(minutes=2)
    post.send()
    ended = post.now(mail).frozen
    shown_ended = mail_as_sent(post.installation, mail)

    (link,) = links(sink)
    assert b"Subject" not in waiting
    assert link not in shown_waiting
    assert link not in text_of(ended) + shown_ended.text + shown_ended.html
    received = text_of(sink.received[0].content).replace("\r\n", "\n")
    assert shown_ended.text == shown_waiting == received.replace(link, "••••")
    assert shown_ended.message_id == sink.received[0].message_id


def test_only_the_newest_link_works(post, sink):
    reader = post.reader(password_hash="")
    post.letter(MailKind.ACCESS, reader)
    post.send()
    post.letter(MailKind.ACCESS, reader)

    post.send()

    old, new = tokens(post)
    assert [token_hash(link) for link in links(sink)] == [old.token_hash, new.token_hash]
    assert old.expires_at <= clock.now() < new.expires_at


def test_mails_of_one_group_to_one_person_share_their_link(post, sink):
    reader = post.reader(password_hash="")
    post.notice(reader=reader)
    post.notice(reader=reader, batch=post.make.batch())

    post.send()

    assert len(set(links(sink))) == 1
    assert len(sink.received) == 2


def passwords(sink) -> list[str]:
    """The password in each mail; nothing for one without."""
    found = (PASSWORD.search(text_of(message.content)) for message in sink.received)
    return [match[1] if match else "" for match in found]


@pytest.mark.usefixtures("by_password")
def test_a_generated_password_is_mailed_once_and_kept_as_a_hash(post, sink):
    reader = post.reader(password_hash="", told_at=None)
    mail = post.letter(MailKind.ACCESS, reader)
    post.notice(reader=reader, due_at=clock.now() + dt.timedelta(hours=1))

    post.send()
    post.time.pass_by(hours=1)
    post.send()

    password, nothing = passwords(sink)
    account = post.reload(reader)
    assert (password_matches(password, account.password_hash), account.must_change_password, nothing) == (
        True,
        True,
        "",
    )
    assert password not in mail_as_sent(post.installation, mail).text


@pytest.mark.usefixtures("by_password")
def test_inviting_again_brings_a_new_password_while_the_first_is_unused(post, sink):
    reader = post.reader(password_hash="")
    post.letter(MailKind.ACCESS, reader)
    post.send()
    post.letter(MailKind.ACCESS, reader)
    post.send()

    first, second = passwords(sink)
    account = post.reload(reader)
    works = [password_matches(password, account.password_hash) for password in (first, second)]
    assert (works, account.must_change_password) == ([False, True], True)


@pytest.mark.usefixtures("by_password")
@pytest.mark.parametrize("values", [{"activated_at": clock.now()}, {"must_change_password": False}])
def test_inviting_again_leaves_a_password_in_use_as_it_is(post, sink, values):
    reader = post.reader(**{"must_change_password": True} | values)
    post.letter(MailKind.ACCESS, reader)

    post.send()

    assert (passwords(sink), post.reload(reader).password_hash) == ([""], "known")


@pytest.mark.usefixtures("by_password")
def test_a_password_that_never_arrived_is_made_anew_with_the_next_notice(post, sink):
    sink.steps["RCPT"] = [Step(reply="550 5.2.1 desactivado")]
    reader = post.reader(password_hash="", told_at=None)
    post.letter(MailKind.ACCESS, reader)
    post.send()
    post.notice(reader=reader)

    post.send()

    [password] = passwords(sink)
    assert password_matches(password, post.reload(reader).password_hash)


@pytest.mark.usefixtures("by_password")
def test_a_password_somebody_chose_meanwhile_is_not_overwritten(post, sink, holder):
    reader = post.reader(password_hash="")
    mail = post.letter(MailKind.ACCESS, reader)
    written = holder.write()
    reader.password_hash = "chosen"
    post.db.commit()

    claimed = holder.claim_written(written)
    post.send()

    assert claimed == []
    assert (post.reload(reader).password_hash, post.now(mail).status) == ("chosen", MailStatus.SENT)
    assert passwords(sink) == [""]


@pytest.mark.usefixtures("by_password")
def test_a_failed_password_mail_sent_again_brings_a_new_password(post, sink):
    sink.steps["RCPT"] = [Step(reply="550 5.2.1 desactivado")]
    reader = post.reader(password_hash="")
    mail = post.letter(MailKind.ACCESS, reader)
    post.send()
    first = post.now(mail)
    first_id, kept = first.message_id, first.frozen
    post.installation.database.run(
        CompanyScope(post.company.id), lambda db: retry_mails(db, RetryMails(mail_ids=(mail.id,)))
    )

    post.send()

    [password] = passwords(sink)
    assert password_matches(password, post.reload(reader).password_hash)
    assert sink.received[0].message_id != first_id
    assert "••••" in text_of(kept)


def test_a_link_that_died_waiting_is_minted_again(post, sink):
    sink.steps["RCPT"] = [Step(reply="450 4.2.0 lista gris")]
    post.letter(MailKind.ACCESS, post.reader(password_hash=""))

    post.send()
    post.time.pass_by(hours=73)
    post.send()

    old, new = tokens(post)
    assert [token_hash(link) for link in links(sink)] == [new.token_hash]
    assert old.expires_at < new.expires_at
