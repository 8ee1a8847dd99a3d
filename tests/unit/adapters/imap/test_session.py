"""Opening a mailbox: a server that answers, a certificate that is checked, credentials that arrive."""

import pytest
from msgspec.structs import replace

from app.adapters.imap.account import ImapAccount
from app.adapters.imap.mailbox import open_mailbox
from app.adapters.imap.session import imap_fingerprint
from app.adapters.opening import CredentialsRefused, OpeningFailed
from app.domain.mail.troubles import MailStep
from app.errors import AdapterError, Fault, InvalidValue
from models.enums import MailSecurity
from tests.certificates import server_context
from tests.imap_relay import Relay, Turn
from tests.imap_server import HOSTS, PASSWORD

SECURE = [MailSecurity.STARTTLS, MailSecurity.SSL]
NO_MAIL_SERVER = "El servidor no responde como un servidor de correo."


def opened(account, authority=None):
    """The names of the folders, or what went wrong and where."""
    try:
        with open_mailbox(account, private_hosts=HOSTS, ca_file=authority) as mailbox:
            return [folder.name for folder in mailbox.folders()]
    except OpeningFailed as failed:
        return failed.step, str(failed), failed.fault
    except CredentialsRefused as refused:
        return "refused", str(refused), refused.fault


FOLDERS = ["Enviados", "INBOX"]


# Signing in


@pytest.mark.parametrize("security", list(MailSecurity))
def test_a_mailbox_opens_with_every_security(imap, security):
    port = imap.tls_port if security is MailSecurity.SSL else imap.port
    account = imap.account(imap.user(), port=port, security=security)

    right, (how, why, fault) = [opened(each, imap.authority) for each in (account, replace(account, password="otra"))]

    assert (right, how, fault) == (FOLDERS, "refused", Fault.CREDENTIALS_REFUSED)
    assert why.startswith("[AUTHENTICATIONFAILED] ")


@pytest.mark.parametrize(
    ("offered", "used"),
    [
        (None, "AUTHENTICATE CRAM-MD5"),
        (b"AUTH=PLAIN", "AUTHENTICATE PLAIN"),
        (b"AUTH=GSSAPI", "LOGIN"),
    ],
)
def test_any_way_of_signing_in_gives_any_password(imap, offered, used):
    if offered is None and not imap.exact:
        used = "AUTHENTICATE PLAIN"
    with Relay(upstream=imap.port, lies={imap.mechanisms: offered or imap.mechanisms}) as relay:
        assert opened(imap.account(imap.user(), port=relay.port)) == FOLDERS

    said = [command.partition(" ")[2] for command in relay.commands]
    assert [command for command in said if command.startswith(used)] != []
    assert PASSWORD not in " ".join(said)


def test_a_token_goes_instead_of_a_password(imap):
    user = imap.user()
    with Relay(upstream=imap.port, tokens={"ficha-1": (user, PASSWORD)}) as relay:
        account = {"port": relay.port, "password": None}
        answers = [opened(imap.account(user, access_token=token, **account)) for token in ("ficha-1", "ficha-2")]

    assert answers == [FOLDERS, ("refused", "[AUTHENTICATIONFAILED] Invalid credentials", Fault.CREDENTIALS_REFUSED)]


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ("NO [AUTHENTICATIONFAILED] no", ("refused", "[AUTHENTICATIONFAILED] no", Fault.CREDENTIALS_REFUSED)),
        ("NO contraseña incorrecta", ("refused", "contraseña incorrecta", Fault.CREDENTIALS_REFUSED)),
        ("NO [UNAVAILABLE] luego", (MailStep.AUTH, "[UNAVAILABLE] luego", None)),
        ("NO [LIMIT] demasiadas conexiones", (MailStep.AUTH, "[LIMIT] demasiadas conexiones", None)),
    ],
)
def test_the_answer_to_the_credentials_decides(imap, reply, outcome):
    script = {"AUTHENTICATE": [Turn(reply=reply)]}
    with Relay(upstream=imap.port, script=script) as relay:
        assert opened(imap.account(imap.user(), port=relay.port)) == outcome


def test_where_passwords_are_not_taken_none_is_sent(imap):
    with Relay(upstream=imap.port, lies={imap.mechanisms: b"LOGINDISABLED"}) as relay:
        outcome = opened(imap.account(imap.user(), port=relay.port))

    assert outcome == ("refused", "El servidor no admite usuario y contraseña en esta conexión.", Fault.NO_WAY_IN)
    assert set(relay.verbs()) <= {"CAPABILITY"}


@pytest.mark.parametrize("values", [{"password": "a\0b"}, {"username": "\ud800"}, {"access_token": "\0"}])
def test_an_account_that_could_inject_cannot_exist(values):
    with pytest.raises(InvalidValue) as refusal:
        ImapAccount(host="a.es", port=993, security=MailSecurity.SSL, **{"username": "u"} | values)

    assert refusal.value.field == next(iter(values))


def test_an_account_does_not_show_its_password():
    account = ImapAccount(
        host="a.es", port=993, security=MailSecurity.SSL, username="u", password="clave", access_token="f"
    )

    assert repr(account) == "ImapAccount('u' at a.es:993)"


# Servers that do not open


@pytest.mark.parametrize(
    ("turn", "sentence", "fault"),
    [
        (Turn(drop=True), "El servidor ha cerrado la conexión.", Fault.SILENT),
        (Turn(stall=True), "El servidor no responde a tiempo.", Fault.SILENT),
        (Turn(raw=b"* BYE demasiados\r\n"), "demasiados", None),
        (Turn(raw=b"220 hola, soy otro\r\n"), NO_MAIL_SERVER, Fault.SILENT),
        (Turn(raw=b"x" * 1_100_000), NO_MAIL_SERVER, Fault.SILENT),
        (Turn(raw=b"* OK {999999999999}\r\n"), "El servidor responde con más de lo que se le ha pedido.", Fault.SILENT),
        (Turn(raw=b"* 1 EXISTS\r\n"), NO_MAIL_SERVER, Fault.SILENT),
    ],
)
def test_a_server_that_does_not_open_says_so_soon(imap, turn, sentence, fault):
    with Relay(upstream=imap.port, script={"CONNECT": [turn]}) as relay:
        outcome = opened(imap.account(imap.user(), port=relay.port, timeout=0.5))
        relay.stopped.set()

    assert outcome == (MailStep.CONNECT, sentence, fault)


def test_a_host_on_a_private_network_is_never_called(imap):
    with Relay(upstream=imap.port) as relay:
        account = imap.account(imap.user(), host="127.0.0.1", port=relay.port)
        with pytest.raises(OpeningFailed) as failure, open_mailbox(account):
            pass

    assert (failure.value.step, failure.value.fault, relay.connections) == (MailStep.CONNECT, Fault.NOT_ALLOWED, 0)


# Encryption


@pytest.mark.parametrize("security", SECURE)
@pytest.mark.parametrize(
    ("kind", "sentence", "fault"),
    [
        ("expired", "El certificado de localhost ha caducado.", Fault.CERTIFICATE_EXPIRED),
        ("wrong-name", "El certificado no es de localhost.", Fault.CERTIFICATE_OF_ANOTHER),
        (
            "self-signed",
            "El certificado de localhost no está firmado por una autoridad conocida.",
            Fault.CERTIFICATE_UNKNOWN,
        ),
        ("old", "No se pudo cifrar la conexión con localhost.", None),
    ],
)
def test_no_credential_leaves_over_a_connection_that_is_not_trusted(imap, tmp_path, security, kind, sentence, fault):
    context, authority = server_context(kind, tmp_path)
    offer = {b"SASL-IR": b"SASL-IR STARTTLS"}

    with Relay(upstream=imap.port, security=security, context=context, lies=offer) as relay:
        outcome = opened(imap.account(imap.user(), port=relay.port, security=security), authority)

    assert outcome == (MailStep.TLS, sentence, fault)
    assert set(relay.verbs()) <= {"CAPABILITY", "STARTTLS"}


@pytest.mark.parametrize("security", SECURE)
def test_a_self_signed_server_is_used_once_pinned_and_left_when_it_changes(imap, tmp_path, security):
    context, _authority = server_context("self-signed", tmp_path)
    user, offer = imap.user(), {b"SASL-IR": b"SASL-IR STARTTLS"}

    with Relay(upstream=imap.port, security=security, context=context, lies=offer) as relay:
        pinned = imap_fingerprint("localhost", relay.port, security, private_hosts=HOSTS)
        account = {"port": relay.port, "security": security}
        outcomes = [
            opened(imap.account(user, pinned_fingerprint=fingerprint, **account)) for fingerprint in (pinned, "00" * 32)
        ]

    assert outcomes == [FOLDERS, (MailStep.TLS, "El certificado de localhost ha cambiado.", Fault.CERTIFICATE_CHANGED)]
    assert relay.verbs().count("AUTHENTICATE") == 1


@pytest.mark.parametrize(
    "relay",
    [
        {"lies": {b"STARTTLS": b"X-NADA"}},
        {"script": {"CONNECT": [Turn(raw=b"* PREAUTH [CAPABILITY IMAP4rev1] pase sin cifrar\r\n")]}},
    ],
    ids=["not offered", "signed in already"],
)
def test_without_starttls_the_password_is_not_given(imap, relay):
    with Relay(upstream=imap.port, **relay) as between:
        outcome = opened(imap.account(imap.user(), port=between.port, security=MailSecurity.STARTTLS))

    sentence = "El servidor no ofrece STARTTLS; sin cifrar no se le da la contraseña."
    assert outcome == (MailStep.TLS, sentence, Fault.NO_STARTTLS)
    assert set(between.verbs()) <= {"CAPABILITY"}


def test_answers_slipped_in_before_encryption_are_not_believed(imap, tmp_path):
    context, authority = server_context("valid", tmp_path)
    slipped = Turn(slip=b"* CAPABILITY IMAP4rev1\r\n* BYE\r\n")
    with Relay(upstream=imap.port, security="starttls", context=context, script={"STARTTLS": [slipped]}) as relay:
        outcome = opened(imap.account(imap.user(), port=relay.port, security=MailSecurity.STARTTLS), authority)

    assert outcome == (MailStep.TLS, "El servidor ha mezclado respuestas sin cifrar con el cifrado.", Fault.SILENT)
    assert set(relay.verbs()) <= {"CAPABILITY", "STARTTLS"}


def test_asking_for_a_fingerprint_explains_itself_when_there_is_none(imap):
    with Relay(upstream=imap.port, lies={b"STARTTLS": b"X-NADA"}) as relay:
        with pytest.raises(AdapterError, match="no ofrece STARTTLS"):
            imap_fingerprint("localhost", relay.port, MailSecurity.STARTTLS, private_hosts=HOSTS)
        with pytest.raises(AdapterError, match="No se pudo cifrar"):
            imap_fingerprint("localhost", relay.port, MailSecurity.SSL, private_hosts=HOSTS)
        with pytest.raises(InvalidValue, match="Sin cifrado"):
            imap_fingerprint("localhost", relay.port, MailSecurity.NONE, private_hosts=HOSTS)
