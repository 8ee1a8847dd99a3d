"""A consent begun is used once, in time, by whoever began it; its tokens are kept sealed and renewed by one."""

import datetime as dt

import pytest
import time_machine
from sqlalchemy import select

from app import clock
from app.chores import throw_away
from app.domain.mail.consents import (
    AccountChanged,
    BeginConsent,
    ConsentClaimed,
    ConsentLost,
    KeepConsent,
    Tokens,
    begin_consent,
    claim_consent,
    end_consent,
    keep_consent,
    open_tokens,
    renew_tokens,
)
from app.scope import CompanyScope
from app.secrets import Keys, SealBroken
from models import MailConsent
from models.enums import MailProvider
from tests.factories import Make

KEYS = Keys(("a key of forty characters for tests only",))
GOOGLE, MICROSOFT = MailProvider.GOOGLE, MailProvider.MICROSOFT
TOKENS = Tokens("ya29.acceso", "1//renovar", dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC))


@pytest.fixture
def marta(db, make):
    user = make.user()
    db.commit()
    return user


def begin(db, user, **values):
    return begin_consent(db, KEYS, BeginConsent(user_id=user.id, provider=GOOGLE, **values))


def test_who_began_a_consent_uses_it_once(db, marta):
    begun = begin(db, marta, is_for_company=True)

    claimed = claim_consent(db, KEYS, begun.state, marta.id)

    assert claimed == ConsentClaimed(provider=GOOGLE, verifier=begun.verifier, is_for_company=True)
    with pytest.raises(ConsentLost):
        claim_consent(db, KEYS, begun.state, marta.id)


def test_nobody_else_uses_it_nor_guesses_it(db, make, marta, system_db, make_session, company):
    begun, other = begin(db, marta), make.user()
    db.commit()
    elsewhere = Make(system_db, company).company()
    system_db.commit()
    with make_session(scope=CompanyScope(elsewhere.id)) as theirs:
        foreign = begin(theirs, marta)
        theirs.commit()

    for state, user in ((begun.state, other), ("x" * 43, marta), ("", marta), (foreign.state, marta)):
        with pytest.raises(ConsentLost):
            claim_consent(db, KEYS, state, user.id)


def test_it_waits_a_quarter_of_an_hour(db, marta):
    first, second = begin(db, marta), begin(db, marta)

    with time_machine.travel(clock.now() + dt.timedelta(minutes=14, seconds=59), tick=False):
        claim_consent(db, KEYS, first.state, marta.id)
    with time_machine.travel(clock.now() + dt.timedelta(minutes=15, seconds=1), tick=False), pytest.raises(ConsentLost):
        claim_consent(db, KEYS, second.state, marta.id)


def test_nothing_that_proves_it_is_kept_in_the_open(db, marta):
    begun = begin(db, marta)

    row = db.scalars(select(MailConsent)).one()
    kept = f"{row.state_hash} {row.sealed_verifier}"
    assert (begun.state in kept, begun.verifier in kept) == (False, False)


def test_old_ones_are_thrown_away(db, marta, installation):
    begin(db, marta)
    db.commit()

    throw_away(installation.database, clock.now() + dt.timedelta(days=29))
    kept = len(db.scalars(select(MailConsent)).all())
    db.rollback()
    throw_away(installation.database, clock.now() + dt.timedelta(days=31))

    assert (kept, db.scalars(select(MailConsent)).all()) == (1, [])


def test_tokens_are_sealed_for_this_account_alone(db, make, marta):
    account = make.mail_account(user_id=marta.id, provider=GOOGLE, consent_ended_at=clock.now(), failures=3)
    other = make.mail_account(provider=GOOGLE)

    kept = keep_consent(db, KEYS, KeepConsent(user_id=marta.id, provider=GOOGLE, tokens=TOKENS))
    other.sealed_tokens = kept.sealed_tokens

    assert (kept.id, open_tokens(kept, KEYS), kept.consent_ended_at, kept.failures) == (account.id, TOKENS, None, 0)
    assert ("ya29" in kept.sealed_tokens, "ya29" in repr(TOKENS)) == (False, False)
    with pytest.raises(SealBroken):
        open_tokens(other, KEYS)


def test_tokens_go_to_the_account_they_were_asked_for(db, make, marta):
    make.mail_account(user_id=marta.id, provider=MICROSOFT)

    for user_id in (marta.id, None):
        with pytest.raises(AccountChanged):
            keep_consent(db, KEYS, KeepConsent(user_id=user_id, provider=GOOGLE, tokens=TOKENS))


def test_of_two_who_renew_at_once_one_wins(db, make, installation):
    account = make.mail_account(provider=GOOGLE)
    keep_consent(db, KEYS, KeepConsent(user_id=None, provider=GOOGLE, tokens=TOKENS))
    db.commit()
    db.refresh(account)
    first, second = (Tokens(f"ya29.{n}", "1//renovar", clock.now()) for n in (1, 2))

    db.expunge(account)
    won = [renew_tokens(db, KEYS, account, tokens) for tokens in (first, second)]

    assert won == [True, False]
    assert end_consent(db, account, clock.now()) is False


def test_a_consent_that_ended_opens_nothing(db, make):
    make.mail_account(provider=GOOGLE)
    account = keep_consent(db, KEYS, KeepConsent(user_id=None, provider=GOOGLE, tokens=TOKENS))

    end_consent(db, account, clock.now())
    db.refresh(account)

    assert open_tokens(account, KEYS) is None
