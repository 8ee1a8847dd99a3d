"""Opening a session: a server that answers, a certificate that is checked, credentials that arrive."""

import re

import pytest

from app.adapters.smtp.account import SmtpAccount
from app.adapters.smtp.client import AuthenticationFailed, Client, NotOpened, Taken
from app.adapters.smtp.session import smtp_fingerprint
from app.domain.mail.troubles import MailStep
from app.errors import AdapterError, Fault, InvalidValue
from models.enums import MailSecurity
from tests.certificates import server_context
from tests.smtp_sink import EXTENSIONS, Sink, Step
from tests.unit.adapters.smtp.rig import HOSTS, client_of, send

SECRETS = ("cuenta@demo.example", "clave")
PLAIN = tuple(name for name in EXTENSIONS if name != "PIPELINING")


@pytest.fixture(params=[EXTENSIONS, PLAIN], ids=["pipelining", "one by one"])
def extensions(request):
    return request.param


# Opening


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        ({"CONNECT": [Step(reply="554 5.7.1 usted no")]}, NotOpened("554 5.7.1 usted no", MailStep.CONNECT)),
        ({"CONNECT": [Step(reply="421 lleno", hang_up=True)]}, NotOpened("421 lleno", MailStep.CONNECT)),
        (
            {"CONNECT": [Step(drop=True)]},
            NotOpened("El servidor ha cerrado la conexión.", MailStep.CONNECT, Fault.SILENT),
        ),
        (
            {"CONNECT": [Step(stall=True)]},
            NotOpened("El servidor no responde a tiempo.", MailStep.CONNECT, Fault.SILENT),
        ),
        (
            {"CONNECT": [Step(reply="HTTP/1.1 400 Bad Request")]},
            NotOpened("El servidor no responde como un servidor de correo.", MailStep.CONNECT, Fault.SILENT),
        ),
        (
            {"CONNECT": [Step(reply="220-" + "x" * 10_000)]},
            NotOpened("El servidor no responde como un servidor de correo.", MailStep.CONNECT, Fault.SILENT),
        ),
        (
            {"CONNECT": [Step(reply="\r\n".join(["220-x"] * 300))]},
            NotOpened("El servidor no responde como un servidor de correo.", MailStep.CONNECT, Fault.SILENT),
        ),
        ({"EHLO": [Step(reply="550 5.7.1 nombre raro")]}, NotOpened("550 5.7.1 nombre raro", MailStep.CONNECT)),
        ({"EHLO": [Step(drop=True)]}, NotOpened("El servidor ha cerrado la conexión.", MailStep.CONNECT, Fault.SILENT)),
    ],
)
def test_a_server_that_does_not_open_concerns_the_whole_account(script, outcome):
    with Sink(script=script) as sink, client_of(sink, timeout=0.3) as client:
        assert send(client) == outcome
        sink.stopped.set()


def test_a_host_on_a_private_network_is_never_called():
    with Sink() as sink:
        client = Client(SmtpAccount(host="127.0.0.1", port=587, security=MailSecurity.NONE))
        outcome = send(client)

    assert isinstance(outcome, NotOpened)
    assert (outcome.step, outcome.fault, sink.connections) == (MailStep.CONNECT, Fault.NOT_ALLOWED, 0)


def test_verifying_an_account_sends_nothing(extensions):
    with Sink(extensions=extensions, credentials=SECRETS) as sink:
        with client_of(sink, username=SECRETS[0], password=SECRETS[1]) as client:
            assert client.verify() is None
            assert send(client) == Taken("250 2.0.0 aceptado")
        with client_of(sink, username=SECRETS[0], password="otra") as client:
            assert client.verify() == AuthenticationFailed("535 5.7.8 usuario o contraseña incorrectos")

    assert (len(sink.received), sink.connections) == (1, 2)


# Signing in


@pytest.mark.parametrize("mechanisms", ["PLAIN", "LOGIN", "CRAM-MD5", "GSSAPI LOGIN PLAIN"])
@pytest.mark.parametrize(
    "password", ["clave", "& % \" ' \\ : @ ñ €", " espacio al final ", "🔑" * 200, "x" * 200, "=?utf-8?q?=", ""]
)
def test_any_password_arrives_exactly(mechanisms, password):
    with (
        Sink(credentials=("usuario@ñandú.example", password), mechanisms=mechanisms) as sink,
        client_of(sink, username="usuario@ñandú.example", password=password) as client,
    ):
        assert send(client) == Taken("250 2.0.0 aceptado")

    assert all(len(command) <= 510 for command in sink.commands)


def test_in_the_clear_the_password_is_not_shown_if_it_can_be_helped():
    with (
        Sink(credentials=SECRETS) as sink,
        client_of(sink, username=SECRETS[0], password=SECRETS[1]) as client,
    ):
        send(client)

    assert [command for command in sink.commands if command.startswith("AUTH")] == ["AUTH CRAM-MD5"]


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ("535 5.7.8 no", AuthenticationFailed("535 5.7.8 no")),
        (
            "534 5.7.9 use una contraseña de aplicación",
            AuthenticationFailed("534 5.7.9 use una contraseña de aplicación"),
        ),
        ("454 4.7.0 luego", NotOpened("454 4.7.0 luego", MailStep.AUTH)),
    ],
)
def test_the_reply_to_the_credentials_decides(reply, outcome):
    with (
        Sink(credentials=SECRETS, script={"AUTH": [Step(reply=reply)]}) as sink,
        client_of(sink, username=SECRETS[0], password=SECRETS[1]) as client,
    ):
        assert (send(client), sink.verbs()) == (outcome, ["EHLO", "AUTH"])


def test_another_mechanism_is_tried_only_when_one_is_not_known_after_all():
    script = {"AUTH": [Step(reply="504 5.5.4 ese no", match="CRAM")]}
    with (
        Sink(credentials=SECRETS, script=script) as sink,
        client_of(sink, username=SECRETS[0], password=SECRETS[1]) as client,
    ):
        assert send(client) == Taken("250 2.0.0 aceptado")


@pytest.mark.parametrize("mechanisms", ["", "GSSAPI"])
def test_without_a_mechanism_in_common_nothing_is_sent(mechanisms):
    with (
        Sink(credentials=SECRETS, mechanisms=mechanisms) as sink,
        client_of(sink, username=SECRETS[0], password=SECRETS[1]) as client,
    ):
        outcome = send(client)

    assert (outcome, sink.verbs()) == (
        AuthenticationFailed("El servidor no admite usuario y contraseña en esta conexión.", Fault.NO_WAY_IN),
        ["EHLO"],
    )


def test_an_account_does_not_show_its_password():
    account = SmtpAccount(host="a.es", port=25, security=MailSecurity.NONE, username="u", password="clave")

    assert "clave" not in repr(account)


@pytest.mark.parametrize(
    "values", [{"password": "a\0b"}, {"username": "\ud800"}, {"hello_name": "a\r\nMAIL FROM:<x@y>"}, {"hello_name": ""}]
)
def test_an_account_that_could_inject_cannot_exist(values):
    with pytest.raises(InvalidValue) as refusal:
        SmtpAccount(host="a.es", port=25, security=MailSecurity.NONE, **values)

    assert refusal.value.field == next(iter(values))


# Signing in by consent


@pytest.mark.parametrize("token", ["ya29.a0Af-corto", "eyJ0eXAi." + "x" * 2000])
def test_a_token_opens_the_mailbox_instead_of_a_password(tmp_path, token):
    context, authority = server_context("valid", tmp_path)
    secure = {"security": "starttls", "context": context, "mechanisms": "PLAIN XOAUTH2"}

    with Sink(credentials=("ñandú@demo.example", token), **secure) as sink:
        account = {"security": MailSecurity.STARTTLS, "ca_file": authority, "username": "ñandú@demo.example"}
        with client_of(sink, access_token=token, **account) as client:
            assert send(client) == Taken("250 2.0.0 aceptado")
        with client_of(sink, access_token="otro", **account) as client:
            assert send(client) == AuthenticationFailed("535 5.7.8 usuario o contraseña incorrectos")

    assert (len(sink.received), max(map(len, sink.commands)) <= 510) == (1, True)


def test_a_token_never_leaves_in_the_clear_nor_by_another_mechanism(tmp_path):
    context, authority = server_context("valid", tmp_path)

    with (
        Sink(credentials=SECRETS, mechanisms="PLAIN XOAUTH2") as sink,
        client_of(sink, username=SECRETS[0], access_token="ya29.a0") as client,
    ):
        in_the_clear = send(client)
    with (
        Sink(security="ssl", context=context, credentials=SECRETS, mechanisms="PLAIN LOGIN") as other,
        client_of(
            other, security=MailSecurity.SSL, ca_file=authority, username=SECRETS[0], access_token="ya29.a0"
        ) as client,
    ):
        not_offered = send(client)

    assert (in_the_clear, not_offered) == (
        AuthenticationFailed("El permiso del proveedor solo se usa en una conexión cifrada.", Fault.NO_WAY_IN),
        AuthenticationFailed("El servidor no admite entrar con el permiso del proveedor.", Fault.NO_WAY_IN),
    )
    assert (sink.verbs(), other.verbs()) == (["EHLO"], ["EHLO"])


# Watching


@pytest.mark.parametrize("security", [MailSecurity.NONE, MailSecurity.STARTTLS, MailSecurity.SSL])
def test_who_watches_is_told_of_each_step_as_it_works(tmp_path, security):
    context, authority = server_context("valid", tmp_path)
    told = []

    with (
        Sink(security=security, context=context, credentials=SECRETS) as sink,
        client_of(sink, security=security, ca_file=authority, username=SECRETS[0], password=SECRETS[1]) as client,
    ):
        assert client.verify(lambda step, says: told.append((step, says))) is None

    steps = [MailStep.RESOLVE, MailStep.CONNECT, MailStep.TLS, MailStep.AUTH]
    assert [step for step, _says in told] == [step for step in steps if security != "none" or step is not MailStep.TLS]
    says = dict(told)
    assert "127.0.0.1" in says[MailStep.RESOLVE]
    assert says[MailStep.AUTH] == ("CRAM-MD5" if security is MailSecurity.NONE else "PLAIN")
    if security is not MailSecurity.NONE:
        assert re.fullmatch(r"TLSv1\.3 · certificado de .+, emitido por .+, válido hasta el .+", says[MailStep.TLS])


def test_who_watches_is_told_nothing_of_a_step_that_fails(tmp_path):
    context, authority = server_context("wrong-name", tmp_path)
    told = []

    with (
        Sink(security="starttls", context=context) as sink,
        client_of(sink, security=MailSecurity.STARTTLS, ca_file=authority) as client,
    ):
        trouble = client.verify(lambda step, says: told.append(step))

    assert (trouble, told) == (
        NotOpened("El certificado no es de localhost.", MailStep.TLS, Fault.CERTIFICATE_OF_ANOTHER),
        [MailStep.RESOLVE, MailStep.CONNECT],
    )


# Encryption

SECURE = [MailSecurity.STARTTLS, MailSecurity.SSL]


@pytest.mark.parametrize("security", SECURE)
def test_messages_travel_encrypted(tmp_path, extensions, security):
    context, authority = server_context("valid", tmp_path)

    with (
        Sink(extensions=extensions, security=security, context=context, credentials=SECRETS) as sink,
        client_of(sink, security=security, ca_file=authority, username=SECRETS[0], password=SECRETS[1]) as client,
    ):
        outcomes = [send(client), send(client)]

    assert outcomes == [Taken("250 2.0.0 aceptado")] * 2
    assert (sink.connections, sink.verbs().count("AUTH")) == (1, 1)


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
def test_no_credential_leaves_over_a_connection_that_is_not_trusted(tmp_path, security, kind, sentence, fault):
    context, authority = server_context(kind, tmp_path)

    with (
        Sink(security=security, context=context, credentials=SECRETS) as sink,
        client_of(sink, security=security, ca_file=authority, username=SECRETS[0], password=SECRETS[1]) as client,
    ):
        assert send(client) == NotOpened(sentence, MailStep.TLS, fault)

    assert set(sink.verbs()) <= {"EHLO", "STARTTLS"}


@pytest.mark.parametrize("security", SECURE)
def test_a_self_signed_server_is_used_once_pinned_and_left_when_it_changes(tmp_path, security):
    context, _authority = server_context("self-signed", tmp_path)
    account = {"security": security, "username": SECRETS[0], "password": SECRETS[1]}

    with Sink(security=security, context=context, credentials=SECRETS) as sink:
        pinned = smtp_fingerprint("localhost", sink.port, security, private_hosts=HOSTS)
        with client_of(sink, pinned_fingerprint=pinned, **account) as client:
            outcomes = [send(client)]
        signed_in = sink.verbs().count("AUTH")
        with client_of(sink, pinned_fingerprint="00" * 32, **account) as client:
            outcomes.append(send(client))

    assert outcomes == [
        Taken("250 2.0.0 aceptado"),
        NotOpened("El certificado de localhost ha cambiado.", MailStep.TLS, Fault.CERTIFICATE_CHANGED),
    ]
    assert (signed_in, sink.verbs().count("AUTH")) == (1, 1)


def test_starttls_that_is_not_offered_is_not_done_without():
    with (
        Sink(credentials=SECRETS) as sink,
        client_of(sink, security=MailSecurity.STARTTLS, username=SECRETS[0], password=SECRETS[1]) as client,
    ):
        outcome = send(client)

    assert (outcome, sink.verbs()) == (
        NotOpened("El servidor no ofrece STARTTLS; sin cifrar no se envía nada.", MailStep.TLS, Fault.NO_STARTTLS),
        ["EHLO"],
    )


@pytest.mark.parametrize("reply", ["454 4.7.0 TLS no disponible", "502 5.5.1 no"])
def test_starttls_that_is_refused_is_not_done_without(tmp_path, reply):
    context, authority = server_context("valid", tmp_path)

    with (
        Sink(security="starttls", context=context, script={"STARTTLS": [Step(reply=reply)]}) as sink,
        client_of(sink, security=MailSecurity.STARTTLS, ca_file=authority) as client,
    ):
        assert (send(client), sink.verbs()) == (NotOpened(reply, MailStep.TLS), ["EHLO", "STARTTLS"])


def test_replies_slipped_in_before_encryption_are_not_believed(tmp_path):
    context, authority = server_context("valid", tmp_path)
    script = {"STARTTLS": [Step(reply="220 2.0.0 adelante\r\n250-sumidero\r\n250 AUTH PLAIN")]}

    with (
        Sink(security="starttls", context=context, credentials=SECRETS, script=script) as sink,
        client_of(
            sink, security=MailSecurity.STARTTLS, ca_file=authority, username=SECRETS[0], password=SECRETS[1]
        ) as client,
    ):
        outcome = send(client)

    assert (outcome, sink.verbs()) == (
        NotOpened("El servidor ha mezclado respuestas sin cifrar con el cifrado.", MailStep.TLS, Fault.SILENT),
        ["EHLO", "STARTTLS"],
    )


def test_what_was_offered_in_the_clear_is_forgotten_once_encrypted(tmp_path):
    context, authority = server_context("valid", tmp_path)
    lie = Step(reply="250-sumidero\r\n250-AUTH PLAIN\r\n250-SIZE 1\r\n250 STARTTLS")

    with (
        Sink(security="starttls", context=context, script={"EHLO": [lie]}) as sink,
        client_of(sink, security=MailSecurity.STARTTLS, ca_file=authority) as client,
    ):
        assert send(client) == Taken("250 2.0.0 aceptado")


def test_asking_for_a_fingerprint_explains_itself_when_there_is_none():
    with Sink() as sink:
        with pytest.raises(AdapterError, match="no ofrece STARTTLS"):
            smtp_fingerprint("localhost", sink.port, MailSecurity.STARTTLS, private_hosts=HOSTS)
        with pytest.raises(AdapterError, match="No se pudo cifrar"):
            smtp_fingerprint("localhost", sink.port, MailSecurity.SSL, private_hosts=HOSTS)
        with pytest.raises(InvalidValue, match="Sin cifrado"):
            smtp_fingerprint("localhost", sink.port, MailSecurity.NONE, private_hosts=HOSTS)
