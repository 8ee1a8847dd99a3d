"""The reference client: a folder of invoices, from cron, against a real server."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from http.client import RemoteDisconnected
from pathlib import Path
from urllib.error import URLError

import pytest
from sqlalchemy import select

from models import Company, Invoice, OutgoingMail, Publication
from models.enums import ApiScope, Role
from scripts.publish_folder import main
from tests.rig.desk import renew
from tests.rig.import_files import csv_of, row
from tests.rig.receiver import receiving

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PROGRAM = Path(__file__).parents[3] / "scripts" / "publish_folder.py"


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "facturas"
    place.mkdir()
    return place


@pytest.fixture
def publisher(build, make, db):
    make.template()
    make.contact(name="Instalaciones Merino, S.L.", tax_id="B87654323", email="lucia@merino.example")
    db.commit()
    return build(Role.INVOICING, [ApiScope.ISSUE, ApiScope.PUBLISH])


def put(folder, name, content, age=60.0):
    path = folder / name
    path.write_bytes(content)
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def begin(address, folder, key, *options):
    """As cron would: no shell's environment, no terminal."""
    return subprocess.Popen(
        [sys.executable, "-I", PROGRAM, address, folder, *options],
        env={"VENTANILLA_API_KEY": key, "LC_ALL": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*arguments):
    program = begin(*arguments)
    out, err = program.communicate(timeout=60)
    assert err == ""
    return program.returncode, out


def published(db):
    renew(db)
    live = select(Invoice.number_text).join(Publication, Publication.document_id == Invoice.id)
    return sorted(db.scalars(live.where(Publication.withdrawn_at.is_(None))))


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.name[0] != ".")


def test_a_folder_is_published_with_one_notice_a_customer_and_put_away(live_server, folder, publisher, db):
    put(folder, "uno.csv", csv_of(row(1), row(2)))
    put(folder, "dos.CSV", csv_of(row(3)))
    put(folder, "notas.txt", b"nada")

    first = run(live_server, folder, publisher.key.secret)
    second = run(live_server, folder, publisher.key.secret)

    assert first == (0, "3 documentos publicados. 1 aviso en cola. 1 persona recibe acceso.\n")
    assert second == (0, "")
    assert published(db) == ["A26-1", "A26-2", "A26-3"]
    assert db.scalars(select(OutgoingMail.recipient)).all() == ["lucia@merino.example"]
    assert files(folder) == ["notas.txt", "publicadas/dos.CSV", "publicadas/uno.csv"]


@ONLY_SQLITE
def test_what_is_wrong_is_put_aside_with_its_reason_and_the_rest_published(live_server, folder, publisher, db):
    put(folder, "bien.csv", csv_of(row(1)))
    put(folder, "a medias.csv", csv_of(row(2), row(3, total="1,00")))
    put(folder, "roto.xml", b"<Facturae>")
    put(folder, "ñandú\n.csv", csv_of(row(4)))

    status, told = run(live_server, folder, publisher.key.secret)

    assert status == 1
    assert published(db) == ["A26-1", "A26-2", "A26-4"]
    assert sorted(line.partition(":")[0] for line in told.splitlines() if "publicados" not in line) == [
        "a medias.csv",
        "roto.xml",
    ]
    assert (folder / "rechazadas" / "a medias.csv.txt").read_text().startswith("A26-3: ")
    assert len(files(folder / "publicadas")) == 2
    assert files(folder / "rechazadas") == ["a medias.csv", "a medias.csv.txt", "roto.xml", "roto.xml.txt"]


@ONLY_SQLITE
def test_a_file_still_being_written_waits(live_server, folder, publisher, db):
    put(folder, "uno.csv", csv_of(row(1)), age=0)

    assert run(live_server, folder, publisher.key.secret) == (0, "")
    assert files(folder) == ["uno.csv"]


@ONLY_SQLITE
def test_a_key_that_opens_nothing_leaves_all_in_place(live_server, folder, publisher, build):
    put(folder, "uno.csv", csv_of(row(1)))
    reader = build(Role.READER)

    answers = [run(live_server, folder, key)[0] for key in ("vk_tosma_" + "x" * 43, reader.key.secret)]

    assert (answers, files(folder)) == ([1, 1], ["uno.csv"])


@ONLY_SQLITE
def test_a_company_that_may_not_publish_yet_does_later(live_server, folder, publisher, db, system_db, company):
    put(folder, "uno.csv", csv_of(row(1)))
    confirmed = system_db.get_one(Company, company.id).confirmed_at
    system_db.get_one(Company, company.id).confirmed_at = None
    system_db.commit()

    first = run(live_server, folder, publisher.key.secret)
    system_db.get_one(Company, company.id).confirmed_at = confirmed
    system_db.commit()
    second = run(live_server, folder, publisher.key.secret)

    assert (first[0], second[0], published(db)) == (1, 0, ["A26-1"])


@ONLY_SQLITE
def test_killed_between_importing_and_publishing_it_goes_on(live_server, folder, publisher, db):
    publisher.send("POST", "imports?name=uno.csv", csv_of(row(1)), "text/csv")
    put(folder, "uno.csv", csv_of(row(1), row(2)))

    assert run(live_server, folder, publisher.key.secret)[0] == 0
    assert published(db) == ["A26-1", "A26-2"]


def test_killed_anywhere_nothing_is_done_twice(live_server, folder, publisher, db):
    for number in range(1, 7):
        put(folder, f"{number}.csv", csv_of(row(number)))

    for pause in (0.15, 0.25, 0.35, 0.45):
        program = begin(live_server, folder, publisher.key.secret)
        time.sleep(pause)
        program.send_signal(signal.SIGKILL)
        program.communicate()
    last = run(live_server, folder, publisher.key.secret)

    assert last[0] == 0
    assert published(db) == [f"A26-{number}" for number in range(1, 7)]
    assert files(folder) == [f"publicadas/{number}.csv" for number in range(1, 7)]


def test_what_passes_is_tried_again_and_a_redirection_is_not_followed(folder):
    put(folder, "uno.csv", csv_of(row(1)))
    with receiving() as elsewhere, receiving() as site:
        site.answers, site.headers = [503, 302], {"Retry-After": "0", "Location": elsewhere.url}
        status, _told = run(site.url, folder, "vk_tosma_" + "x" * 43)

        assert (status, len(site.asked), elsewhere.asked) == (1, 2, [])
        assert site.asked[0].headers["authorization"].startswith("Bearer vk_tosma_")


def test_a_folder_that_does_not_serve_is_told(folder):
    file = put(folder, "uno.csv", b"")

    told = []
    for place in (folder / "no", file):
        program = begin("https://facturas.tosma.example", place, "vk_tosma_x")
        told.append((program.communicate()[1], program.returncode))

    assert told == [(f"No existe la carpeta «{place}».\n", 1) for place in (folder / "no", file)]


def test_a_folder_that_may_not_be_written_is_told(folder):
    (folder / ".publicando").mkdir()

    program = begin("https://facturas.tosma.example", folder, "vk_tosma_x")

    assert program.communicate()[1] == f"No se puede escribir en la carpeta «{folder}».\n"
    assert program.returncode == 1


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (URLError(ConnectionRefusedError(111, "Connection refused")), "nadie contesta en esa dirección."),
        (URLError(socket.gaierror(-2, "Name or service not known")), "no se encuentra ese nombre."),
        (
            URLError(ssl.SSLCertVerificationError("self-signed")),
            "su certificado no es de fiar, o es de otra dirección.",
        ),
        (URLError(OSError(101, "Network is unreachable")), "no hay camino hasta esa dirección."),
        (TimeoutError(), "no contesta a tiempo."),
        (RemoteDisconnected("Remote end closed connection"), "se ha cortado la conexión."),
        (json.JSONDecodeError("Expecting value", "<html>", 0), "contesta otra cosa: mire si es su dirección."),
    ],
)
def test_a_site_that_cannot_be_reached_is_told_in_words(folder, monkeypatch, capsys, error, words):
    def unreached(*_asked, **_options):
        raise error

    put(folder, "uno.csv", csv_of(row(1)))
    monkeypatch.setattr("scripts.publish_folder.TRIES", 1)
    monkeypatch.setattr("sys.argv", ["publish_folder.py", "https://facturas.tosma.example", str(folder)])
    monkeypatch.setenv("VENTANILLA_API_KEY", "vk_tosma_x")
    monkeypatch.setattr("urllib.request.OpenerDirector.open", unreached)

    status = main()

    assert (status, capsys.readouterr().out) == (75, f"No se puede llegar a Ventanilla: {words}\n")
    assert files(folder) == ["uno.csv"]


def test_nothing_is_sent_in_the_clear_or_without_a_key(folder):
    told = []
    for address, key in (("http://facturas.tosma.example", "vk_tosma_x"), ("https://facturas.tosma.example", "")):
        program = begin(address, folder, key)
        told.append(program.communicate()[1])

    assert [line.partition(":")[0].partition(",")[0] for line in told] == [
        "La dirección tiene que empezar por https",
        "Falta la clave",
    ]
