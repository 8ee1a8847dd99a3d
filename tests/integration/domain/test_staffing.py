"""Who works in a company, and that somebody always administers it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from app.domain.staffing import (
    AddStaff,
    LastAdministrator,
    add_staff,
    change_role,
    disable_staff,
    end_membership,
)
from app.errors import InvalidValue, NotFound
from app.scope import SYSTEM, CompanyScope
from models import Company, Membership, StaffUser
from models.enums import Role

ADD = AddStaff(email="ana@tosma.example", name="Ana Peña", role=Role.INVOICING, password_hash="x")


def test_somebody_new_gets_a_place(db, company):
    added = add_staff(db, ADD)

    membership = db.scalars(select(Membership)).one()
    assert str(membership) == "Ana Peña"
    assert added.is_new
    assert (membership.user_id, membership.company_id, membership.role) == (added.user_id, company.id, Role.INVOICING)
    with pytest.raises(InvalidValue, match="Ya trabaja en esta empresa"):
        add_staff(db, ADD)


def test_who_left_comes_back_with_another_role_and_the_same_password(db, make):
    make.user()
    first = add_staff(db, ADD)
    end_membership(db, first.user_id)

    again = add_staff(db, AddStaff(email=ADD.email, name="Otra Ana", role=Role.READER, password_hash="y"))

    user = db.get_one(StaffUser, again.user_id)
    place = db.scalars(select(Membership).where(Membership.user_id == user.id)).one()
    assert (again.user_id, again.is_new, user.name, user.password_hash) == (first.user_id, False, "Ana Peña", "x")
    assert (place.role, place.ended_at) == (Role.READER, None)


def test_somebody_of_another_company_is_nobody_here(db, make, make_session):
    with make_session(scope=SYSTEM) as whole:
        other = Company(name="Otra", tax_id="A58818501", slug="Otra", slug_key="otra", short_code="otra")
        whole.add(other)
        whole.flush()
        stranger = StaffUser(email="eva@otra.example", name="Eva")
        whole.add(stranger)
        whole.flush()
        whole.add(Membership(company_id=other.id, user_id=stranger.id, role=Role.READER))
        whole.commit()

    for attempt in (lambda: change_role(db, stranger.id, Role.ADMINISTRATOR), lambda: end_membership(db, stranger.id)):
        with pytest.raises(NotFound):
            attempt()


def test_a_disabled_administrator_does_not_count(db, make, database):
    marta, ana = make.user(), make.user(email="ana@tosma.example")
    db.commit()
    database.run(SYSTEM, lambda whole: disable_staff(whole, ana.id))

    with pytest.raises(LastAdministrator):
        end_membership(db, marta.id)


def test_two_who_demote_each_other_at_once_leave_one(db, make, company, database):
    users = [make.user(), make.user(email="ana@tosma.example")]
    db.commit()
    together = Barrier(2)

    def demote(user: StaffUser) -> bool:
        together.wait()
        try:
            database.run(CompanyScope(company.id), lambda own: change_role(own, user.id, Role.READER))
        except LastAdministrator:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(demote, users))

    assert sorted(done) == [False, True]
