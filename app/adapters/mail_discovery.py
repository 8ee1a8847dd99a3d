"""What a domain publishes about its mail: who takes it in (MX), where its servers are (SRV, autoconfig), texts.

Everything found was written by strangers: a person sees it before it is used, and every connection goes through the
door for outgoing ones.
"""

import re
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from app.adapters.http import HttpRequest, send
from app.adapters.outbound import PORTS, host_name
from app.domain.mail.presets import Place
from app.errors import AdapterError
from app.texts import _
from models.enums import MailSecurity

PATIENCE = 4.0
WELL_KNOWN = (
    "https://autoconfig.{domain}/mail/config-v1.1.xml",
    "https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
)
SECURITIES = {"SSL": MailSecurity.SSL, "STARTTLS": MailSecurity.STARTTLS}
MOST_RECORDS = 20

Resolve = Callable[[str, str], list[Any]]
"""The records of a name and kind, none where there are none. Raises ``AdapterError`` when nobody can be asked."""


class PublishedPlaces(Struct, frozen=True):
    """``is_local``: one signs in with what stands before the at sign of the address."""

    smtp: Place
    imap: Place | None
    is_local: bool = False


def ask_dns(name: str, kind: str) -> list[Any]:
    """The system's resolvers, asked once."""
    from dns.exception import DNSException  # a tenth of a second, and seldom wanted
    from dns.resolver import NXDOMAIN, NoAnswer, Resolver

    try:
        return list(Resolver().resolve(name, kind, lifetime=PATIENCE))[:MOST_RECORDS]
    except (NXDOMAIN, NoAnswer):
        return []
    except (DNSException, OSError, ValueError) as error:
        raise AdapterError(_("No se puede preguntar por %(nombre)s.") % {"nombre": name}) from error


def exchanges_of(domain: str, resolve: Resolve = ask_dns) -> tuple[str, ...]:
    """The servers that take in mail for a domain, the preferred ones first."""
    found = sorted(resolve(host_name(domain), "MX"), key=lambda record: record.preference)
    return tuple(record.exchange.to_text(omit_final_dot=True).lower() for record in found)


def texts_of(name: str, resolve: Resolve = ask_dns) -> tuple[str, ...]:
    """The texts published under a name, each put together from its parts."""
    return tuple(b"".join(record.strings).decode(errors="replace") for record in resolve(host_name(name), "TXT"))


def by_records(domain: str, resolve: Resolve = ask_dns) -> PublishedPlaces | None:
    """RFC 6186 and 8314: encrypted from the start, else STARTTLS."""
    name = host_name(domain)
    smtp = _served(name, "submissions", MailSecurity.SSL, resolve) or _served(
        name, "submission", MailSecurity.STARTTLS, resolve
    )
    imap = _served(name, "imaps", MailSecurity.SSL, resolve) or _served(name, "imap", MailSecurity.STARTTLS, resolve)
    return PublishedPlaces(smtp, imap) if smtp else None


def _served(domain: str, kind: str, security: MailSecurity, resolve: Resolve) -> Place | None:
    found = resolve(f"_{kind}._tcp.{domain}", "SRV")
    for record in sorted(found, key=lambda record: (record.priority, -record.weight)):
        host = record.target.to_text(omit_final_dot=True).lower()
        if host and host != "." and record.port in PORTS:
            return Place(host, record.port, security)
    return None


def by_autoconfig(
    domain: str,
    *,
    private_hosts: frozenset[str] = frozenset(),
    ca_file: str | None = None,
    addresses: tuple[str, ...] = WELL_KNOWN,
) -> PublishedPlaces | None:
    """What the domain's own web says in the form that mail programs read. Nobody is told the whole address."""
    name = host_name(domain)
    for address in addresses:
        request = HttpRequest(url=address.format(domain=name), timeout=PATIENCE)
        try:
            answer = send(request, private_hosts=private_hosts, ca_file=ca_file)
        except AdapterError:
            continue
        if answer.status == 200 and (found := read_autoconfig(answer.body)):
            return found
    return None


def read_autoconfig(octets: bytes) -> PublishedPlaces | None:
    """None for what is no such file, or names no server that we would use."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(octets, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root.getroottree().docinfo.doctype:
        return None
    smtp = [_place(server) for server in root.iterfind(".//outgoingServer[@type='smtp']")]
    imap = [_place(server) for server in root.iterfind(".//incomingServer[@type='imap']")]
    first = next(filter(None, smtp), None)
    if first is None:
        return None
    username = root.findtext(".//outgoingServer[@type='smtp']/username") or ""
    return PublishedPlaces(first, next(filter(None, imap), None), username.strip() == "%EMAILLOCALPART%")


def _place(server: Any) -> Place | None:
    host, port = (server.findtext("hostname") or "").strip(), (server.findtext("port") or "").strip()
    security = SECURITIES.get((server.findtext("socketType") or "").strip().upper())
    try:
        host = host_name(host)
    except AdapterError:
        return None
    if security is None or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) not in PORTS:
        return None
    return Place(host, int(port), security)
