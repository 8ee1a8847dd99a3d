"""Who may ask at all: keys in the header, scopes within the role, expiry, rotation, limits."""

import datetime as dt

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from app import clock
from app.domain.api_keys import RotateApiKey, end_overlap, revoke_api_key, rotate_api_key, scopes_of
from app.main import create_app
from app.scope import CompanyScope
from models import ApiKey, AuditEntry, Membership, StaffUser
from models.enums import ApiScope, Role
from tests.factories import Make
from tests.rig.desk import renew
from tests.rig.robot import Robot, key_for, problem_of

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NO_KEY = (401, "no_key", [])


def kept(db):
    renew(db)
    return db.scalars(select(ApiKey)).one()


def test_a_key_opens_its_company_and_says_so(robot, db, company):
    answer = robot.get("key")

    told = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store, private"
    assert (told["name"], told["company"]["tax_id"], told["is_current"]) == ("Tienda", company.tax_id, True)
    assert set(told["scopes"]) == {scope.value for scope in ApiScope}
    assert robot.key.secret.startswith(told["prefix"])
    row = kept(db)
    assert row.last_used_at is not None
    assert row.last_address == "testclient"
    assert robot.key.secret not in str(vars(row))


@ONLY_SQLITE
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer vk_tosma_" + "a" * 43},
        {"Authorization": "Bearer vk_otra_" + "a" * 43},
        {"Authorization": "Bearer vk_tosma_ñ" + "a" * 42},
        {"Authorization": "Bearer " + "x" * 5000},
        {"Authorization": "Basic {secret}"},
        {"Authorization": "{secret}"},
        {"X-Api-Key": "{secret}"},
        {"Cookie": "ventanilla_admin={secret}; Authorization=Bearer {secret}"},
    ],
)
def test_nothing_else_opens(robot, headers):
    given = {name: value.format(secret=robot.key.secret).encode() for name, value in headers.items()}

    answer = robot.client.get("/api/v1/key", headers=given)

    assert problem_of(answer) == NO_KEY
    assert answer.headers["www-authenticate"] == "Bearer"


@ONLY_SQLITE
def test_a_key_in_the_address_is_refused(robot):
    answer = robot.client.get(f"/api/v1/key?key={robot.key.secret}")

    assert problem_of(answer) == NO_KEY


@ONLY_SQLITE
def test_a_cookie_of_the_office_authenticates_nothing(robot, desk):
    assert desk.get("account").status_code == 200
    assert problem_of(desk.client.get("/api/v1/key")) == NO_KEY
    assert problem_of(desk.client.post("/api/v1/contacts", json={"name": "X"})) == NO_KEY


def test_a_key_ends_with_what_it_stands_on(build, db, system_db):
    revoked, expired, left, disabled = (build() for _ in range(4))
    ids = [robot.key.key_id for robot in (revoked, expired, left, disabled)]
    before = [robot.get("key").status_code for robot in (revoked, expired, left, disabled)]

    revoke_api_key(db, ids[0], None)
    db.execute(
        update(ApiKey).where(ApiKey.company_id == db.company_id, ApiKey.id == ids[1]).values(expires_at=clock.now())
    )
    db.commit()
    owners = {key.id: key.user_id for key in db.scalars(select(ApiKey))}
    db.scalars(select(Membership).where(Membership.user_id == owners[ids[2]])).one().ended_at = clock.now()
    db.commit()
    system_db.get_one(StaffUser, owners[ids[3]]).disabled_at = clock.now()
    system_db.commit()

    assert before == [200] * 4
    assert [problem_of(robot.get("key")) for robot in (revoked, expired, left, disabled)] == [NO_KEY] * 4


def test_a_scope_is_never_more_than_the_role(build, db):
    robot = build(Role.INVOICING)
    before = robot.post("contacts", {"name": "Merino"})

    db.scalars(select(Membership)).one().role = Role.READER
    db.commit()
    after = robot.post("contacts", {"name": "Otra"})

    assert before.status_code == 201
    assert problem_of(after) == (403, "out_of_scope", [])
    assert after.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="write"'
    assert robot.get("key").json()["scopes"] == ["read"]


@ONLY_SQLITE
def test_only_what_was_chosen(build):
    robot = build(scopes=[ApiScope.READ, ApiScope.ISSUE])

    answers = [
        robot.get("contacts").status_code,
        robot.post("contacts", {"name": "Merino"}).status_code,
        robot.post("documents/1/issue").status_code,
        robot.post("publications", {"ids": ["1"]}).status_code,
        robot.get("webhooks").status_code,
        robot.get("audit").status_code,
    ]

    assert answers == [200, 403, 404, 403, 403, 403]


def test_each_role_has_its_scopes():
    assert [len(scopes_of(role)) for role in Role] == [1, 5, 7, 8]


def test_the_secret_before_the_last_opens_for_as_long_as_was_chosen(robot, db):
    key = kept(db)
    command = RotateApiKey(key_id=key.id, user_id=key.user_id, overlap=dt.timedelta(hours=24))
    renewed = Robot(robot.client, rotate_api_key(db, command))
    db.commit()

    both = [one.get("key").json()["is_current"] for one in (robot, renewed)]
    noted = kept(db).previous_used_at
    end_overlap(db, key.id, key.user_id)
    db.commit()

    assert both == [False, True]
    assert noted is not None
    assert problem_of(robot.get("key")) == NO_KEY
    assert renewed.get("key").status_code == 200


@ONLY_SQLITE
def test_an_overlap_runs_out(robot, db):
    key = kept(db)
    rotate_api_key(db, RotateApiKey(key_id=key.id, user_id=key.user_id, overlap=dt.timedelta(hours=1)))
    kept(db)
    db.commit()
    rotate_api_key(db, RotateApiKey(key_id=key.id, user_id=key.user_id, overlap=dt.timedelta(hours=1)))
    kept_hash = db.get_one(ApiKey, key.id).previous_hash
    db.get_one(ApiKey, key.id).previous_until = clock.now() - dt.timedelta(seconds=1)
    db.commit()

    assert kept_hash is not None
    assert problem_of(robot.get("key")) == NO_KEY


def test_a_key_of_another_company_sees_nothing_of_this_one(robot, make, db, system_db):
    theirs = make.company()
    contact = make.contact()
    db.commit()
    stranger = Make(system_db, theirs).user(email="luis@rodano.example")
    system_db.commit()
    with type(db)(db.get_bind(), scope=CompanyScope(theirs.id)) as other:
        key = key_for(other, stranger)
        other.commit()
    spy = Robot(robot.client, key)

    assert robot.get(f"contacts/{contact.id}").status_code == 200
    assert problem_of(spy.get(f"contacts/{contact.id}")) == problem_of(spy.get("contacts/999999"))
    assert spy.get("contacts").json() == {"items": [], "next": None}
    crossed = robot.key.secret.replace("vk_tosma_", f"vk_{theirs.short_code}_")
    assert problem_of(robot.client.get("/api/v1/key", headers={"Authorization": f"Bearer {crossed}"})) == NO_KEY


def test_so_many_requests_a_minute(build):
    robot = build(per_minute=5)

    answers = [robot.get("key") for _ in range(7)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert problem_of(answers[5]) == (429, "too_many_tries", [])
    wait = int(answers[5].headers["retry-after"])
    assert 0 < wait <= 60
    unit = "segundo" if wait == 1 else "segundos"
    assert answers[5].json()["detail"] == f"Demasiadas peticiones: espere {wait} {unit}."


@ONLY_SQLITE
def test_two_processes_share_the_limit(build, settings, installation):
    robot = build(per_minute=40)
    beside = TestClient(create_app(settings, installation), base_url=settings.base_url)
    other = Robot(beside, robot.key)

    answers = [one.get("key").status_code for _ in range(30) for one in (robot, other)]

    assert answers.count(200) == 40


@ONLY_SQLITE
def test_guessing_is_slowed_down_and_the_right_key_is_not(robot):
    wrong = {"Authorization": "Bearer vk_tosma_" + "b" * 43}

    answers = [robot.client.get("/api/v1/key", headers=wrong).status_code for _ in range(62)]

    assert (answers[:60], answers[60:]) == ([401] * 60, [429] * 2)
    assert robot.get("key").status_code == 200


@ONLY_SQLITE
def test_what_a_program_does_is_told_under_its_name(robot, db):
    robot.post("contacts", {"name": "Merino"}, headers={"Accept-Language": "en"})

    entries = db.scalars(select(AuditEntry).order_by(AuditEntry.position)).all()
    assert (entries[-1].actor, entries[-1].action, entries[-1].entity) == (
        "Marta Ruiz Ortega (clave «Tienda»)", "create", "contacts",
    )  # fmt: skip
    assert robot.key.secret not in str([entry.changes for entry in entries])
