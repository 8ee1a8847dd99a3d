"""The one door out: which hosts, addresses, ports and certificates pass."""

import errno
import hashlib
import socket
import threading

import pytest

from app.adapters.outbound import check_target, host_name, is_public, open_connection, secure, shown_certificate
from app.errors import AdapterError, Fault
from tests.certificates import server_context
from tests.smtp_sink import Sink


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("smtp.ejemplo.es", "smtp.ejemplo.es"),
        ("SMTP.Ejemplo.ES.", "smtp.ejemplo.es"),
        ("correo.muñoz.es", "correo.xn--muoz-hqa.es"),
        ("mail_relay", "mail_relay"),
        ("192.0.2.7", "192.0.2.7"),
        ("[2001:DB8::7]", "2001:db8::7"),
        ("１２７.０.０.１", "127.0.0.1"),
    ],
)
def test_host_names_have_one_form(typed, name):
    assert host_name(typed) == name


@pytest.mark.parametrize(
    "typed",
    [
        "",
        ".",
        "a..b",
        "-a.es",
        "smtp ejemplo.es",
        " smtp.ejemplo.es",
        "smtp.ejemplo.es\r\nX: y",
        "usuario@smtp.ejemplo.es",
        "http://smtp.ejemplo.es",
        "smtp.ejemplo.es/ruta",
        "smtp.ejemplo.es:25",
        "smtp.ejemplo.es\0",
        "a" * 64 + ".es",
        "a." * 127 + "es",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "127.0.0.01",
        "999.999.999.999",
        "ñ" * 300,
        "\ud800.es",
        "a\u200bb.es\u3002\u3002",
    ],
)
def test_what_is_no_host_name_is_refused_for_good(typed):
    with pytest.raises(AdapterError, match="nombre del servidor") as refusal:
        host_name(typed)

    assert (refusal.value.fault, refusal.value.permanent) == (Fault.NAME_UNKNOWN, True)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2a00:1450:4003::5e", True),
        ("64:ff9b::5db8:d822", True),  # 93.184.216.34 seen from an IPv6-only network
        ("127.0.0.1", False),
        ("127.255.255.254", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("192.0.0.192", False),
        ("168.63.129.16", False),
        ("224.0.0.1", False),
        ("239.255.255.250", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.216.34", False),
        ("::127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b:1::1", False),
        ("2002:7f00:1::1", False),
        ("2001:0:53aa:64c:0:7fff:80ff:fffe", False),
        ("2001:db8::1", False),
        ("fc00::1", False),
        ("fd00:ec2::254", False),
        ("fe80::1", False),
        ("fe80::1%1", False),
        ("fec0::1", False),
        ("ff02::1", False),
    ],
)
def test_only_addresses_of_the_internet_are_public(address, public):
    assert is_public(address) is public


class Names:
    """A resolver whose answers change from one question to the next."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host, port, **hints):
        self.asked.append(host)
        return [
            (socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in self.answers.pop(0)
        ]


@pytest.fixture
def resolver(monkeypatch):
    def answering(*answers: list[str]) -> Names:
        names = Names(*answers)
        monkeypatch.setattr(socket, "getaddrinfo", names)
        return names

    return answering


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "localhost.", "::1", "[::1]", "0.0.0.0", "169.254.169.254"])
def test_private_addresses_are_refused_before_anything_is_sent(host):
    with pytest.raises(AdapterError, match="red privada") as refusal:
        open_connection(host, 25, timeout=1)

    assert (refusal.value.fault, refusal.value.permanent) == (Fault.NOT_ALLOWED, True)


def test_one_private_answer_among_public_ones_is_enough(resolver):
    resolver(["93.184.216.34", "192.168.1.1"])

    with pytest.raises(AdapterError, match="red privada"):
        open_connection("smtp.ejemplo.es", 587, timeout=1)


@pytest.mark.parametrize("port", [0, -1, 22, 80, 3306, 65536, 10**9])
def test_other_ports_are_refused(port):
    with pytest.raises(AdapterError, match=f"puerto {port} no está permitido") as refusal:
        open_connection("smtp.ejemplo.es", port, timeout=1)

    assert (refusal.value.fault, refusal.value.permanent) == (Fault.NOT_ALLOWED, True)


@pytest.mark.parametrize("trusted", ["localhost", "LOCALHOST", "localhost."])
def test_hosts_of_the_operators_list_are_reached_on_any_port(trusted):
    with (
        Sink() as sink,
        open_connection("localhost", sink.port, timeout=5, private_hosts=frozenset({trusted})) as connection,
    ):
        assert connection.recv(3) == b"220"


def test_the_operators_list_names_hosts_not_their_addresses():
    with Sink() as sink, pytest.raises(AdapterError):
        open_connection("127.0.0.1", sink.port, timeout=1, private_hosts=frozenset({"localhost"}))


def test_a_name_is_resolved_once_and_connected_where_it_was_checked(resolver):
    with Sink() as sink:
        names = resolver(["127.0.0.1"], ["127.0.0.99"])

        with open_connection("smtp.lan", sink.port, timeout=5, private_hosts=frozenset({"smtp.lan"})) as connection:
            peer = connection.getpeername()

    assert (names.asked, peer) == (["smtp.lan"], ("127.0.0.1", sink.port))


def test_the_next_address_is_tried_when_one_does_not_answer(resolver):
    with Sink() as sink:
        resolver(["127.0.0.99", "127.0.0.1"])

        with open_connection("smtp.lan", sink.port, timeout=5, private_hosts=frozenset({"smtp.lan"})) as connection:
            assert connection.getpeername()[0] == "127.0.0.1"


def test_a_closed_port_may_open_later():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(AdapterError, match="rechaza la conexión") as failure:
        open_connection("127.0.0.1", port, timeout=5, private_hosts=frozenset({"127.0.0.1"}))

    assert (failure.value.fault, failure.value.permanent) == (Fault.CONNECTION_REFUSED, False)


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (TimeoutError(), "smtp.ejemplo.es no responde en el puerto 25."),
        (OSError(errno.ENETUNREACH, "no"), "No se puede llegar a smtp.ejemplo.es, puerto 25."),
    ],
)
def test_a_server_that_cannot_be_reached_may_be_back_later(resolver, monkeypatch, failure, sentence):
    def connect(_connection, _target):
        raise failure

    resolver(["93.184.216.34"])
    monkeypatch.setattr(socket.socket, "connect", connect)

    with pytest.raises(AdapterError) as told:
        open_connection("smtp.ejemplo.es", 25, timeout=1)

    assert (str(told.value), told.value.fault, told.value.permanent) == (sentence, Fault.UNREACHABLE, False)


def test_a_name_nobody_knows_may_be_known_later():
    with pytest.raises(AdapterError, match=r"No se encuentra el servidor no-existe\.invalid") as failure:
        open_connection("no-existe.invalid", 25, timeout=20)

    assert (failure.value.fault, failure.value.permanent) == (Fault.NAME_UNKNOWN, False)


def test_a_resolver_that_never_answers_is_left_alone(monkeypatch):
    answered = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *question, **hints: answered.wait() and [])

    with pytest.raises(AdapterError, match="tarda demasiado") as failure:
        open_connection("smtp.ejemplo.es", 25, timeout=0.05)

    answered.set()
    assert failure.value.fault is Fault.NAME_UNKNOWN


def encrypted(sink, **options):
    connection = open_connection("localhost", sink.port, timeout=5, private_hosts=frozenset({"localhost"}))
    return secure(connection, "localhost", **options)


def test_a_certificate_signed_by_a_known_authority_is_accepted(tmp_path):
    context, authority = server_context("valid", tmp_path)

    with (
        Sink(security="ssl", context=context) as sink,
        encrypted(sink, ca_file=authority) as connection,
    ):
        assert (connection.recv(3), connection.version()) == (b"220", "TLSv1.3")


@pytest.mark.parametrize(
    ("kind", "sentence", "fault", "permanent"),
    [
        ("expired", "ha caducado", Fault.CERTIFICATE_EXPIRED, True),
        ("wrong-name", "no es de localhost", Fault.CERTIFICATE_OF_ANOTHER, True),
        ("self-signed", "autoridad conocida", Fault.CERTIFICATE_UNKNOWN, True),
        ("old", "No se pudo cifrar", None, False),
    ],
)
def test_other_certificates_are_not(tmp_path, kind, sentence, fault, permanent):
    context, authority = server_context(kind, tmp_path)

    with (
        Sink(security="ssl", context=context) as sink,
        pytest.raises(AdapterError, match=sentence) as refusal,
    ):
        encrypted(sink, ca_file=authority)

    assert (refusal.value.fault, refusal.value.permanent) == (fault, permanent)


def test_authorities_that_cannot_be_read_are_said(tmp_path):
    context, _authority = server_context("valid", tmp_path)

    with (
        Sink(security="ssl", context=context) as sink,
        pytest.raises(AdapterError, match=r"No se pueden leer los certificados de /falta\.pem\."),
    ):
        encrypted(sink, ca_file="/falta.pem")


@pytest.mark.parametrize("kind", ["self-signed", "expired", "wrong-name"])
def test_a_pinned_certificate_is_accepted_and_no_other(tmp_path, kind):
    context, _authority = server_context(kind, tmp_path)

    with Sink(security="ssl", context=context) as sink:
        connection = open_connection("localhost", sink.port, timeout=5, private_hosts=frozenset({"localhost"}))
        pinned = shown_certificate(connection, "localhost")

        with encrypted(sink, pinned=pinned) as secured:
            shown = hashlib.sha256(secured.getpeercert(binary_form=True)).hexdigest()
        with pytest.raises(AdapterError, match="ha cambiado") as refusal:
            encrypted(sink, pinned=hashlib.sha256(b"otro").hexdigest())

    assert (shown, refusal.value.fault, refusal.value.permanent) == (pinned, Fault.CERTIFICATE_CHANGED, True)


def test_a_pin_does_not_fall_back_on_authorities(tmp_path):
    context, authority = server_context("valid", tmp_path)

    with (
        Sink(security="ssl", context=context) as sink,
        pytest.raises(AdapterError, match="ha cambiado"),
    ):
        encrypted(sink, ca_file=authority, pinned="0" * 64)


def test_few_names_are_looked_up_at_once_and_nobody_waits_for_their_turn(monkeypatch):
    asked, answer = threading.Semaphore(0), threading.Event()

    def resolve(*_facts, **_options):
        asked.release()
        answer.wait(10)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    looking = [
        threading.Thread(target=check_target, args=("a.example", 443), kwargs={"timeout": 20}) for _n in range(4)
    ]
    for thread in looking:
        thread.start()
        asked.acquire(timeout=10)

    with pytest.raises(AdapterError, match="demasiados nombres") as refused:
        check_target("b.example", 443, timeout=20)
    answer.set()
    for thread in looking:
        thread.join(10)

    assert not refused.value.permanent
    assert check_target("b.example", 443, timeout=20) is None
