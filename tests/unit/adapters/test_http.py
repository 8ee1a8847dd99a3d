"""The web's own client: one request, one answer, to where it may go, within its time and size."""

import pytest

from app.adapters.http import MOST_OCTETS, HttpRequest, send
from app.errors import AdapterError
from tests.certificates import server_context
from tests.rig.receiver import receiving

HOSTS = frozenset({"localhost"})


@pytest.fixture
def receiver():
    with receiving() as receiver:
        yield receiver


def ask(url, **values):
    return send(HttpRequest(url=url, **values), private_hosts=HOSTS)


def test_what_is_asked_arrives_and_what_is_answered_comes_back(receiver):
    receiver.headers = {"X-Of-Theirs": "sí".encode().decode("latin-1")}

    answer = ask(f"{receiver.url}/avisos?de=nosotros", method="POST", body=b"{}", headers={"X-Ours": "1"})

    (asked,) = receiver.asked
    assert (asked.method, asked.path, asked.body, asked.headers["x-ours"]) == (
        "POST", "/avisos?de=nosotros", b"{}", "1",
    )  # fmt: skip
    assert asked.headers["host"] == f"localhost:{receiver.port}"
    assert (asked.headers["user-agent"], asked.headers["connection"]) == ("Ventanilla", "close")
    assert (answer.status, answer.body) == (200, b"recibido")
    assert "x-of-theirs" in answer.headers


@pytest.mark.parametrize("status", [204, 301, 302, 307, 404, 410, 500, 503])
def test_any_status_is_an_answer_and_no_redirection_is_followed(receiver, status):
    receiver.answers, receiver.content = [status], b""
    receiver.headers = {"Location": f"{receiver.url}/otra"}

    answer = ask(receiver.url)

    assert (answer.status, len(receiver.asked)) == (status, 1)


def test_over_tls_the_certificate_is_verified(tmp_path):
    context, authority = server_context("valid", tmp_path)
    with receiving(context) as receiver:
        request = HttpRequest(url=receiver.url, method="POST", body=b"{}")
        answer = send(request, private_hosts=HOSTS, ca_file=authority)
        with pytest.raises(AdapterError, match="no está firmado por una autoridad conocida"):
            send(request, private_hosts=HOSTS)

    assert answer.status == 200
    assert [asked.body for asked in receiver.asked] == [b"{}"]


@pytest.mark.parametrize("kind", ["wrong-name", "expired", "self-signed", "old"])
def test_a_bad_certificate_gets_nothing(tmp_path, kind):
    context, authority = server_context(kind, tmp_path)
    with receiving(context) as receiver, pytest.raises(AdapterError):
        send(HttpRequest(url=receiver.url, headers={"X-Secret": "1"}), private_hosts=HOSTS, ca_file=authority)

    assert receiver.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://93.184.216.34/", "ftp://localhost/", "gopher://localhost/", "file:///etc/passwd", "localhost", "",
        "https://", "https://usuario:clave@localhost/", "https://localhost:99999/", "https://127.0.0.1/",
        "https://[::1]/", "https://169.254.169.254/latest", "https://2130706433/", "https://0x7f.1/",
        "https://localhost.:443@evil.example/", "https://93.184.216.34:22/", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_where_it_may_not_go_is_refused_before_anything_is_sent(receiver, url):
    with pytest.raises(AdapterError) as refusal:
        ask(url)

    assert refusal.value.permanent
    assert receiver.asked == []


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"hola\r\n\r\n", b"HTTP/1.1 two hundred\r\n\r\n", b"\x00" * 100_000,
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nmedia",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nmed",
    ],
)  # fmt: skip
def test_what_is_no_answer_is_told_as_such(receiver, raw):
    receiver.raw = raw

    with pytest.raises(AdapterError, match="no contesta como un servidor web"):
        ask(receiver.url)


def test_an_answer_is_bounded(receiver):
    receiver.content = b"x" * (MOST_OCTETS + 1)

    with pytest.raises(AdapterError, match="demasiado grande"):
        ask(receiver.url)


@pytest.mark.parametrize("headers", [{}, {"Content-Length": ""}])
def test_who_drips_is_hung_up_on(receiver, headers):
    receiver.content, receiver.drip, receiver.headers = b"x" * 1000, 0.05, headers

    with pytest.raises(AdapterError, match="tarda demasiado"):
        ask(receiver.url, timeout=0.5)


@pytest.mark.parametrize("headers", [{"X-A": "a\r\nX-B: b"}, {"X-A\r\nX-B": "b"}])
def test_a_header_carries_no_other(receiver, headers):
    with pytest.raises(AdapterError):
        ask(receiver.url, headers=headers)

    assert receiver.asked == []


@pytest.mark.parametrize("path", ["/a b", "/a\x00", "/ñ", "/a\x7f"])
def test_a_path_of_more_than_visible_ascii_is_not_sent(receiver, path):
    with pytest.raises(AdapterError):
        ask(receiver.url + path)

    assert receiver.asked == []
