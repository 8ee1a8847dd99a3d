"""Giving and withdrawing access to all that a search finds: to whom it was shown, and once."""

import pytest
from msgspec.structs import replace

from app.domain.access import PeopleChanged
from app.domain.batches import DialogueUsed
from app.domain.queries.people import people_figures
from models.base import utc_now
from models.enums import Ending
from tests.integration.domain.access import found, grant, live, mails, people, withdraw

NOW = utc_now()


def test_a_search_gives_access_to_all_it_finds(db, make):
    for number in range(3):
        make.contact(name=f"Talleres Ródano {number}")
    make.contact(name="Bodegas Artieda"), make.contact(name="Ródano sin correo", email=None)
    make.account(make.contact(name="Ródano con acceso"))
    make.contact(name="Ródano archivado", archived_at=NOW)

    granted = grant(db, found(text="RODANO", has_access=False))

    assert (granted.people, granted.mails, granted.without_email) == (3, 3, 1)
    assert str(granted).endswith("1 cliente no tiene correo.")


def test_of_a_search_only_those_who_need_something_are_invited(db, make):
    new, shut, known = make.contact(), make.contact(), make.contact(email="admin@levante.example")
    make.account(make.contact(email="admin@levante.example"), activated_at=NOW, password_hash="x")
    make.account(make.contact(), told_at=NOW), make.account(make.contact(), activated_at=NOW)
    [membership] = make.account(shut).memberships
    membership.ended_at, membership.ending = NOW, Ending.WITHDRAWN
    db.flush()
    selection = replace(found(), needing=True)
    shown = people_figures(db, selection, acting=False)

    granted = grant(db, selection, fingerprint=shown.fingerprint, share_confirmed=True)

    assert (shown.people, granted.people) == (2, 2)
    assert sorted((mail.recipient, mail.is_secret) for mail in mails(db)) == [(known.email, False), (new.email, True)]


@pytest.mark.parametrize("command", [grant, withdraw])
def test_others_than_were_shown_are_left_alone(db, make, command):
    make.account(make.contact())
    selection = replace(found(), needing=command is grant)
    shown = people_figures(db, selection, acting=command is withdraw)
    make.account(make.contact())

    with pytest.raises(PeopleChanged) as refused:
        command(db, selection, fingerprint=shown.fingerprint)

    assert (refused.value.status, len(live(db)), mails(db)) == (409, 2, [])


@pytest.mark.parametrize("command", [grant, withdraw])
def test_a_used_dialogue_with_other_people_is_refused(db, make, command):
    first, second = make.contact(), make.contact()
    make.account(first), make.account(second)
    command(db, people((first, first.email)))

    again = command(db, people((first, first.email)))
    with pytest.raises(DialogueUsed):
        command(db, people((first, first.email), (second, second.email)))

    assert again.again
