"""What arrives: strict JSON, bounded bodies, known formats; every error a problem, in Spanish or English."""

import json

import pytest
from sqlalchemy import select

from app.api import answering
from models import Contact
from tests.rig.desk import renew
from tests.rig.robot import problem_of

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
GOOD = b'{"name": "Merino"}'


def names(db):
    renew(db)
    return db.scalars(select(Contact.name)).all()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[1", b'{"name": "Merino"', b"\xff\xfe", b"\xef\xbb\xbf" + GOOD, b'{"name": "\xed\xa0\x80"}',
        b'{"name": "Merino", "name": "Otra"}', b'{"name": "Merino", "addresses": [{"city": "a", "city": "b"}]}',
        b'{"name": NaN}', b'{"name": Infinity}', b'{"name": -Infinity}', b'{"payment_day": 1e999}',
        b'{"name": "\\ud800"}', b'{"\\udfff": 1}', b'{"payment_day": ' + b"9" * 5000 + b"}",
        b"[" * 100_000, b'{"a":' * 100_000, b"[" * 25 + b"]" * 25, b"{'name': 'Merino'}", b'{"name": "Merino",}',
        b'{"name": "a\nb"}', GOOD + GOOD, GOOD + b"\x00",
    ],
)  # fmt: skip
def test_what_two_readers_could_read_otherwise_is_refused(robot, db, content):
    answer = robot.send("POST", "contacts", content)

    assert problem_of(answer)[:2] == (400, "bad_json")
    assert names(db) == []


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        (b'{"name": "Merino", "name": "Otra"}', "/name"),
        (b'{"addresses": [{"city": "a"}, {"city": "a", "city": "b"}]}', "/addresses/1/city"),
        (b'{"name": [1, NaN]}', "/name/1"),
        (b'{"payment_day": 1e999}', "/payment_day"),
        (b'{"a/b~c": ' + b"9" * 5000 + b"}", "/a~1b~0c"),
        (b'{"name": "\\ud800"}', "/name"),
        (b'{"name": ' + b"[" * 25 + b"]" * 25 + b"}", "/name"),
    ],
)
def test_what_cannot_be_read_is_named(robot, content, pointer):
    assert problem_of(robot.send("POST", "contacts", content)) == (400, "bad_json", [(pointer, "bad_json")])


@pytest.mark.parametrize("content", [b"[]", b"null", b"1", b'"Merino"', b"true"])
def test_a_body_is_an_object(robot, content):
    assert problem_of(robot.send("POST", "contacts", content)) == (
        422, "invalid_request", [("", "invalid_type")],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ('Application/JSON;charset="UTF-8"', 201),
        ("application/json; charset=latin-1", 415),
        ("application/json; boundary=x", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("", 415),
    ],
)
def test_only_json_is_json(robot, db, kind, status):
    answer = robot.send("POST", "contacts", GOOD, kind)

    assert answer.status_code == status
    if status == 415:
        assert problem_of(answer)[:2] == (415, "unsupported_media_type")
        assert names(db) == []


def test_a_body_that_is_too_large_is_not_read_to_its_end(robot, monkeypatch):
    read = []

    def endless():
        for _ in range(1000):
            read.append(1)
            yield b" " * 65536

    headers = {"Authorization": f"Bearer {robot.key.secret}", "Content-Type": "application/json"}
    answer = robot.client.post("/api/v1/contacts", content=endless(), headers=headers)

    assert problem_of(answer) == (413, "too_large", [])


def test_nothing_is_read_of_who_has_no_key(robot):
    def never():
        raise AssertionError("read")
        yield b""

    answer = robot.client.post("/api/v1/contacts", headers={"Content-Length": "99999999"})

    assert problem_of(answer) == (401, "no_key", [])


def test_what_asks_for_nothing_takes_nothing(robot, make, db):
    contact = make.contact()
    db.commit()
    path = f"contacts/{contact.id}/archive"

    answers = [
        robot.post(path),
        robot.post(path, {}),
        robot.post(path, {"archived": False}),
        robot.send("POST", path, b"x=1", "application/x-www-form-urlencoded"),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 422, 415]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "contacts", "GET, HEAD, POST"),
        ("DELETE", "contacts/1", "GET, HEAD, PATCH"),
        ("TRACE", "key", "GET, HEAD"),
        ("OPTIONS", "publications", "POST"),
        ("PROPFIND", "documents/1/issue", "POST"),
    ],
)
def test_other_methods_are_told_which_there_are(robot, method, path, allowed):
    answer = robot.send(method, path, b"")

    assert problem_of(answer)[:2] == (405, "method_not_allowed")
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize("path", ["", "nothing", "contacts/", "contacts/1/2/3", "v2/contacts", "docs/x"])
def test_an_address_of_nothing_is_a_problem_too(robot, path):
    answer = robot.client.get(f"/api/v1/{path}")

    assert problem_of(answer) == (404, "not_found", [])


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://evil.example"},
    ],
)
def test_browsers_of_other_sites_are_sent_away(robot, db, headers):
    answer = robot.post("contacts", {"name": "Merino"}, headers=headers)

    assert problem_of(answer) == (403, "forbidden", [])
    assert names(db) == []


def test_a_host_nobody_knows_is_a_problem(robot):
    answer = robot.client.get("/api/v1/key", headers={"Host": "evil.example"})

    assert problem_of(answer)[0] == 400


@pytest.mark.parametrize(
    ("asked", "spoken", "sentence"),
    [
        ("", "es", "Falta este dato."),
        ("en", "en", "This is missing."),
        ("en-GB;q=0.5, es;q=0.4", "en", "This is missing."),
        ("fr, es;q=0.2, en;q=0.1", "es", "Falta este dato."),
        ("fr", "es", "Falta este dato."),
        ("en;q=x", "es", "Falta este dato."),
    ],
)
def test_errors_speak_the_language_of_their_reader(robot, asked, spoken, sentence):
    answer = robot.post("contacts", {}, headers={"Accept-Language": asked})

    assert (answer.headers["content-language"], answer.json()["errors"][0]["detail"]) == (spoken, sentence)


def test_a_rule_of_the_business_speaks_english_and_what_is_kept_does_not(robot, make, db):
    make.tax()
    make.series(label="FV26", is_default=True)
    contact = make.contact()
    contact.postcode = ""
    db.commit()
    english = {"Accept-Language": "en"}
    draft = robot.post(
        "documents",
        {"kind": "invoice", "contact_id": str(contact.id), "lines": [{"concept": "X", "tax_rate": "21"}]},
        headers=english,
    ).json()

    refused = robot.post(f"documents/{draft['id']}/issue", headers=english)

    assert refused.json()["detail"] == "The customer lacks the postcode. Complete its file."
    assert refused.json()["title"] == "Not now"
    assert draft["taxes"][0]["label"] == "IVA 21 %"


def test_a_bug_is_reported_and_told_with_a_reference(robot, caplog, monkeypatch):
    def broken(*_args):
        raise ZeroDivisionError("vk_tosma_secreto")

    monkeypatch.setattr(answering, "_call_of", broken)
    client = type(robot.client)(robot.client.app, base_url=robot.client.base_url, raise_server_exceptions=False)
    headers = {"Authorization": f"Bearer {robot.key.secret}"}

    answer = client.get("/api/v1/key", headers=headers)

    assert problem_of(answer) == (500, "internal_error", [])
    assert "secreto" not in answer.text
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == ["unexpected error"]


def test_names_that_come_back_in_an_error_are_harmless(robot):
    answer = robot.post("contacts", {"name": "Merino", '<script>"/~' + "x" * 500: 1})

    (error,) = json.loads(answer.text)["errors"]
    assert error["pointer"] == '/<script>"~1~0' + "x" * 89
    assert answer.headers["x-content-type-options"] == "nosniff"
