"""What a domain publishes about its mail, asked of a DNS server and a web of our own; and hostile answers."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import dns.resolver
import pytest

from app.adapters.mail_discovery import (
    PublishedPlaces,
    by_autoconfig,
    by_records,
    exchanges_of,
    read_autoconfig,
    texts_of,
)
from app.domain.mail.presets import (
    ARSYS,
    GMAIL,
    ICLOUD,
    IONOS,
    MICROSOFT_365,
    MOVISTAR,
    ORANGE,
    OUTLOOK,
    OVH,
    PRESETS,
    TELEFONICA,
    YAHOO,
    Place,
    preset_at,
    preset_behind,
    preset_for,
)
from app.errors import AdapterError
from models.enums import MailSecurity
from tests.certificates import server_context
from tests.dns_server import DnsServer

SSL, STARTTLS = MailSecurity.SSL, MailSecurity.STARTTLS
ZONE = {
    ("tosma.example.", "MX"): ["20 mx2.ionos.es.", "10 mx1.ionos.es."],
    ("_submission._tcp.tosma.example.", "SRV"): ["0 1 587 correo.tosma.example."],
    ("_submissions._tcp.tosma.example.", "SRV"): [
        "10 0 465 lejos.tosma.example.",
        "0 1 465 poco.tosma.example.",
        "0 9 465 correo.tosma.example.",
    ],
    ("_imaps._tcp.tosma.example.", "SRV"): ["0 0 0 ."],
    ("_imap._tcp.tosma.example.", "SRV"): ["0 1 143 correo.tosma.example."],
    ("_submissions._tcp.raro.example.", "SRV"): ["0 1 22 correo.raro.example."],
    ("_submission._tcp.raro.example.", "SRV"): ["0 1 587 ."],
    ("v._domainkey.tosma.example.", "TXT"): ['"v=DKIM1; " "p=MIIB"', '"otro"'],
}


@pytest.fixture
def zone(monkeypatch):
    """What the system's resolver knows."""
    with DnsServer(dict(ZONE)) as server:

        def ours(resolver, *_rest):
            resolver.nameservers, resolver.port = ["127.0.0.1"], server.port

        monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", ours)
        yield server


def test_records_lead_to_the_servers_encrypted_ones_first(zone):
    found = by_records("Tosma.example")

    assert found == PublishedPlaces(
        Place("correo.tosma.example", 465, SSL), Place("correo.tosma.example", 143, STARTTLS)
    )


def test_a_domain_without_records_or_with_odd_ones_says_nothing(zone):
    assert (by_records("nadie.example"), by_records("raro.example")) == (None, None)


def test_who_takes_in_mail_comes_in_order(zone):
    assert (exchanges_of("tosma.example"), exchanges_of("nadie.example")) == (("mx1.ionos.es", "mx2.ionos.es"), ())


def test_a_text_is_put_together_from_its_parts(zone):
    assert set(texts_of("v._domainkey.tosma.example")) == {"v=DKIM1; p=MIIB", "otro"}


def test_nobody_to_ask_is_told(monkeypatch):
    def nobody(resolver, *_rest):
        resolver.nameservers, resolver.port = ["127.0.0.1"], 9

    monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", nobody)
    monkeypatch.setattr("app.adapters.mail_discovery.PATIENCE", 0.3)

    with pytest.raises(AdapterError, match=r"No se puede preguntar por tosma\.example\."):
        exchanges_of("tosma.example")


@pytest.mark.parametrize("domain", ["", "con espacio.example", "a..b", "x" * 300, "10.0.0.1\r\n"])
def test_what_is_no_domain_is_not_asked_for(zone, domain):
    with pytest.raises(AdapterError):
        by_records(domain)

    assert zone.asked == []


# Autoconfig

FILE = """<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="tosma.example">
<incomingServer type="pop3"><hostname>pop.tosma.example</hostname>
<port>995</port><socketType>SSL</socketType></incomingServer>
<incomingServer type="imap"><hostname>imap.tosma.example</hostname>
<port>993</port><socketType>SSL</socketType></incomingServer>
<outgoingServer type="smtp"><hostname>smtp.tosma.example</hostname><port>587</port><socketType>STARTTLS</socketType>
<username>%EMAILLOCALPART%</username></outgoingServer></emailProvider></clientConfig>"""
FOUND = PublishedPlaces(Place("smtp.tosma.example", 587, STARTTLS), Place("imap.tosma.example", 993, SSL), True)


def test_the_file_of_mail_programs_is_read():
    assert read_autoconfig(FILE.encode()) == FOUND


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"<html><body>404</body></html>",
        b"\xff\xfe\x00",
        FILE.replace("587", "22").encode(),
        FILE.replace("587", "5e2").encode(),
        FILE.replace("STARTTLS", "plain").encode(),
        FILE.replace("smtp.tosma.example", "smtp tosma; rm").encode(),
        FILE.replace("<clientConfig", '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><clientConfig').encode(),
        b"<a>" * 100_000,
    ],
)
def test_a_file_that_says_nothing_useful_is_none(octets):
    assert read_autoconfig(octets) is None


@pytest.fixture
def web(tmp_path):
    """A web of our own: what it answers by path, and what it was asked."""
    answers, asked = {}, []

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            status, body = answers.get(self.path, (404, b""))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments):
            """Says nothing."""

    context, authority = server_context("valid", tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    serving = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    serving.start()
    yield server.server_port, authority, answers, asked
    server.shutdown()
    serving.join()
    server.server_close()


def test_the_domain_s_own_web_is_asked_and_told_no_address(web):
    port, authority, answers, asked = web
    answers["/segunda.xml"] = (200, FILE.encode())
    places = tuple(f"https://{{domain}}:{port}/{name}.xml" for name in ("primera", "segunda"))

    found = by_autoconfig("localhost", private_hosts=frozenset({"localhost"}), ca_file=authority, addresses=places)

    assert (found, asked) == (FOUND, ["/primera.xml", "/segunda.xml"])


def test_a_web_inside_the_network_is_not_asked(web):
    port, authority, answers, asked = web
    answers["/primera.xml"] = (200, FILE.encode())

    found = by_autoconfig("localhost", ca_file=authority, addresses=(f"https://{{domain}}:{port}/primera.xml",))

    assert (found, asked) == (None, [])


# Presets


@pytest.mark.parametrize(
    ("email", "preset"),
    [
        ("marta@gmail.com", GMAIL),
        ("MARTA@GoogleMail.com", GMAIL),
        ("marta@hotmail.es", OUTLOOK),
        ("marta@yahoo.es", YAHOO),
        ("marta@icloud.com", ICLOUD),
        ("marta@movistar.es", MOVISTAR),
        ("marta@telefonica.net", TELEFONICA),
        ("marta@orange.es", ORANGE),
        ("marta@tosma.example", None),
        ("gmail.com", GMAIL),
        ("", None),
    ],
)
def test_an_address_of_a_known_provider_is_recognised(email, preset):
    assert preset_for(email) is preset


@pytest.mark.parametrize(
    ("exchange", "preset"),
    [
        ("aspmx.l.google.com", GMAIL),
        ("tosma-es.mail.protection.outlook.com.", MICROSOFT_365),
        ("MX00.ionos.es", IONOS),
        ("mx.serviciodecorreo.es", ARSYS),
        ("mx1.mail.ovh.net", OVH),
        ("mx.notgoogle.com", None),
        ("mx.tosma.example", None),
    ],
)
def test_a_domain_of_one_s_own_is_known_by_who_takes_in_its_mail(exchange, preset):
    assert preset_behind((exchange,)) is preset


def test_every_preset_is_found_by_something_and_by_its_servers():
    assert [preset.name for preset in PRESETS if not (preset.domains or preset.exchanges)] == []
    assert [preset_at(preset.smtp.host.upper()) for preset in PRESETS] == list(PRESETS)
    assert {preset.imap.security for preset in PRESETS} == {SSL}
    assert preset_behind(()) is None
