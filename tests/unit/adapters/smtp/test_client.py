"""Delivering over SMTP: what is said, what is kept, and an exact answer about each message."""

import pytest

from app.adapters.smtp.client import TOO_LARGE, Ambiguous, AuthenticationFailed, Deferred, Refused, Taken, on_the_wire
from app.errors import Fault
from tests.smtp_sink import EXTENSIONS, Sink, Step
from tests.unit.adapters.smtp.rig import MESSAGE, client_of, send

PLAIN = tuple(name for name in EXTENSIONS if name != "PIPELINING")


@pytest.fixture(params=[EXTENSIONS, PLAIN], ids=["pipelining", "one by one"])
def extensions(request):
    return request.param


# The ordinary day


def test_a_message_arrives_as_it_was_given(extensions):
    with Sink(extensions=extensions) as sink, client_of(sink) as client:
        outcome = send(client)

    received = sink.received[0]
    assert outcome == Taken("250 2.0.0 aceptado")
    assert (received.sender, received.recipients, received.content, received.options) == (
        "facturas@demo.example",
        ("compras@tosma.example",),
        MESSAGE,
        f"SIZE={len(MESSAGE) + 3}",
    )


def test_one_connection_carries_many_messages(extensions):
    with Sink(extensions=extensions) as sink, client_of(sink) as client:
        outcomes = [send(client) for _ in range(5)]

    assert outcomes == [Taken("250 2.0.0 aceptado")] * 5
    assert [message.connection for message in sink.received] == [1] * 5
    assert sink.verbs() == ["EHLO", *["MAIL", "RCPT", "DATA"] * 5, "QUIT"]


def test_a_connection_is_replaced_after_so_many_messages():
    with Sink() as sink, client_of(sink, max_messages=2) as client:
        outcomes = [send(client) for _ in range(5)]

    assert outcomes == [Taken("250 2.0.0 aceptado")] * 5
    assert [message.connection for message in sink.received] == [1, 1, 2, 2, 3]


@pytest.mark.parametrize(
    ("message", "received"),
    [
        (b"a\r\n\r\n.\r\nb\r\n", b"a\r\n\r\n.\r\nb\r\n"),
        (b".a\r\n..b\r\n...\r\n.", b".a\r\n..b\r\n...\r\n.\r\n"),
        (b"sin final", b"sin final\r\n"),
        (b"a\n.\nMAIL FROM:<x@y>\n", b"a\r\n.\r\nMAIL FROM:<x@y>\r\n"),
        (b"a\r.\rb\r\n.\nc\n\r.\r\n", b"a\r\n.\r\nb\r\n.\r\nc\r\n\r\n.\r\n"),
        (b"a\r\r\n.\r\r\nb", b"a\r\n\r\n.\r\n\r\nb\r\n"),
        (b"x" * 200_000 + b"\r\n", b"x" * 200_000 + b"\r\n"),
    ],
)
def test_no_content_ends_the_message_early(extensions, message, received):
    with Sink(extensions=extensions) as sink, client_of(sink) as client:
        send(client, message=message)
        send(client)

    assert [each.content for each in sink.received] == [received, MESSAGE]


def test_content_ends_with_one_lone_dot():
    assert on_the_wire(b"a\r\n.b\r\n") == b"a\r\n..b\r\n.\r\n"


def test_eight_bits_and_accented_addresses_are_announced():
    with Sink() as sink, client_of(sink) as client:
        outcome = send(client, recipient="muñoz@compañía.example", message="Asunto: ñ\r\n\r\n".encode())

    assert outcome == Taken("250 2.0.0 aceptado")
    received = sink.received[0]
    assert (received.recipients, received.options) == (
        ("muñoz@xn--compaa-7va5a.example",),
        "SIZE=17 BODY=8BITMIME SMTPUTF8",
    )


@pytest.mark.parametrize(
    ("extensions", "recipient", "message", "outcome"),
    [
        (
            ("SIZE 60",),
            "a@b.example",
            MESSAGE,
            Refused(TOO_LARGE, "MAIL"),
        ),
        ((), "a@b.example", b"\xc3\xb1", Refused("El servidor no admite mensajes de 8 bits.", "MAIL")),
        ((), "ñ@b.example", MESSAGE, Refused("El servidor no admite direcciones con acentos o eñes.", "RCPT")),
    ],
)
def test_what_a_server_cannot_take_is_not_offered(extensions, recipient, message, outcome):
    with Sink(extensions=extensions) as sink, client_of(sink) as client:
        assert send(client, recipient=recipient, message=message) == outcome
        assert send(client, message=b"corto\r\n") == Taken("250 2.0.0 aceptado")

    assert sink.verbs() == ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]


@pytest.mark.parametrize(
    "address",
    [
        "a@b>\r\nRCPT TO:<c@d",
        "a@b.example\r\nDATA",
        "a b@c.example",
        "<a@b.example>",
        "a@b.example,c@d.example",
        '"a b"@c.example',
        "a@[127.0.0.1]",
        "a@@b.example",
        "@b.example",
        "a@",
        "a",
        "",
        "a@b\0.example",
        "a@-b.example",
        "a@b..example",
        ".a@b.example",
        "a" * 65 + "@b.example",
        "ñ" * 33 + "@b.example",
        "a@" + "b." * 127 + "example",
        "\ud800@b.example",
        "a@ñ\u202e.example",
    ],
)
def test_an_address_is_an_address_and_nothing_else(address):
    with Sink() as sink, client_of(sink) as client:
        refused = (
            client.deliver("facturas@demo.example", address, MESSAGE),
            client.deliver(address, "compras@tosma.example", MESSAGE),
        )

    assert refused == (
        Refused("La dirección de correo no es válida.", "RCPT"),
        Refused("La dirección de correo no es válida.", "MAIL"),
    )
    assert sink.connections == 0


# Replies


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize(
    ("reply", "kind"),
    [("451 4.3.0 ahora no", Deferred), ("550 5.1.1 no existe", Refused), ("552 5.3.4 lleno", Refused)],
)
def test_the_reply_to_each_verb_decides_and_the_next_message_is_unaffected(extensions, verb, reply, kind):
    with Sink(extensions=extensions, script={verb: [Step(reply=reply)]}) as sink, client_of(sink) as client:
        outcomes = [send(client), send(client)]

    assert outcomes == [kind(reply, verb), Taken("250 2.0.0 aceptado")]
    assert len(sink.received) == 1


@pytest.mark.parametrize("code", [530, 534, 535, 538])
def test_a_server_that_wants_credentials_blames_the_account(extensions, code):
    script = {"MAIL": [Step(reply=f"{code} 5.7.0 identifíquese")]}
    with Sink(extensions=extensions, script=script) as sink, client_of(sink) as client:
        assert send(client) == AuthenticationFailed(f"{code} 5.7.0 identifíquese")


@pytest.mark.parametrize("hang_up", [True, False])
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "."])
def test_a_server_that_closes_down_is_left_and_found_again(extensions, verb, hang_up):
    step = Step(reply="421 4.3.2 cerrando", hang_up=hang_up)
    with Sink(extensions=extensions, script={verb: [step]}) as sink, client_of(sink) as client:
        outcomes = [send(client), send(client)]

    assert outcomes == [Deferred("421 4.3.2 cerrando", verb), Taken("250 2.0.0 aceptado")]
    assert (len(sink.received), sink.connections) == (1, 2)


def test_a_limit_per_connection_costs_no_message(extensions):
    with Sink(extensions=extensions, messages_per_connection=3) as sink, client_of(sink) as client:
        outcomes = [send(client) for _ in range(10)]

    assert outcomes == [Taken("250 2.0.0 aceptado")] * 10
    assert (len(sink.received), sink.connections) == (10, 4)


def test_a_grey_list_is_not_insisted_upon(extensions):
    with Sink(extensions=extensions, greylist=True) as sink, client_of(sink) as client:
        outcomes = [send(client), send(client)]

    assert outcomes == [Deferred("450 4.2.0 lista gris, vuelva más tarde", "RCPT"), Taken("250 2.0.0 aceptado")]
    assert sink.verbs().count("RCPT") == 2


@pytest.mark.parametrize(
    ("reply", "shown"),
    [
        ("550-5.7.1 uno\r\n550-5.7.1 dos\r\n550 5.7.1 tres", "550 5.7.1 uno 5.7.1 dos 5.7.1 tres"),
        ("550", "550"),
        ("550 \x1b[31mrojo\x00\x07\u202e\u2028 fin", "550  [31mrojo     fin"),
        ("550 " + "x" * 600, "550 " + "x" * 496),
    ],
)
def test_the_servers_words_are_kept_but_harmless(reply, shown):
    with Sink(script={"RCPT": [Step(reply=reply)]}) as sink, client_of(sink) as client:
        assert send(client) == Refused(shown, "RCPT")


# Broken connections


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("step", [{"drop": True}, {"truncate": 2}, {"reply": "hola"}, {"reply": "99 x"}])
def test_before_the_content_nothing_is_in_doubt(extensions, verb, step):
    with Sink(extensions=extensions, script={verb: [Step(**step)]}) as sink, client_of(sink) as client:
        outcomes = [type(send(client)), type(send(client))]

    assert outcomes == [Deferred, Taken]
    assert len(sink.received) == 1


@pytest.mark.parametrize("after", [0, 10, 1_000_000])
def test_a_break_within_the_content_is_no_delivery(extensions, after):
    script = {"BODY": [Step(drop=True, after=after)]}
    with Sink(extensions=extensions, script=script) as sink, client_of(sink) as client:
        outcome = send(client, message=b"x\r\n" * 5_000_000)
        again = send(client)

    assert (outcome, again) == (
        Deferred("Se ha cortado la conexión con el servidor.", "DATA", Fault.SILENT),
        Taken("250 2.0.0 aceptado"),
    )
    assert [message.content for message in sink.received] == [MESSAGE]


def test_a_server_that_hangs_up_within_the_content_may_say_why():
    step = Step(reply="552 5.3.4 demasiado grande", after=10)
    with Sink(script={"BODY": [step]}) as sink, client_of(sink) as client:
        outcome = send(client, message=b"x\r\n" * 5_000_000)

    assert outcome == Refused("552 5.3.4 demasiado grande", ".")


def test_a_break_after_the_whole_content_left_is_doubt_even_if_it_was_not_read():
    with Sink(script={"BODY": [Step(drop=True, after=10)]}) as sink, client_of(sink) as client:
        assert isinstance(send(client), Ambiguous)


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (Step(drop=True, keep=True), "El servidor ha cerrado la conexión."),
        (Step(drop=True, keep=False), "El servidor ha cerrado la conexión."),
        (Step(truncate=5, keep=True), "El servidor ha cerrado la conexión."),
        (Step(stall=True, keep=True), "El servidor no responde a tiempo."),
        (Step(reply="sí, claro", keep=True), "El servidor no responde como un servidor de correo."),
        (Step(reply="354 siga", keep=True), "354 siga"),
    ],
)
def test_after_the_final_dot_silence_is_doubt_and_nothing_is_repeated(extensions, step, reason):
    with (
        Sink(extensions=extensions, script={".": [step]}) as sink,
        client_of(sink, final_timeout=0.2) as client,
    ):
        outcome = send(client)
        copies = len(sink.received)
        sink.stopped.set()

    assert (outcome, copies) == (Ambiguous(reason), int(bool(step.keep)))
    assert (sink.connections, sink.verbs().count("DATA")) == (1, 1)


def test_a_doubt_on_a_kept_connection_is_not_repeated_either(extensions):
    with (
        Sink(extensions=extensions, script={".": [Step(), Step(drop=True, keep=True)]}) as sink,
        client_of(sink) as client,
    ):
        outcomes = [send(client), send(client), send(client)]

    assert outcomes == [
        Taken("250 2.0.0 aceptado"),
        Ambiguous("El servidor ha cerrado la conexión."),
        Taken("250 2.0.0 aceptado"),
    ]
    assert (len(sink.received), sink.connections) == (3, 2)


def test_a_late_reply_to_the_dot_is_waited_for(extensions):
    with (
        Sink(extensions=extensions, script={".": [Step(delay=0.5)]}) as sink,
        client_of(sink, timeout=0.2) as client,
    ):
        outcome = send(client)

    assert (outcome, len(sink.received)) == (Taken("250 2.0.0 aceptado"), 1)


def test_a_kept_connection_that_died_meanwhile_is_replaced(extensions):
    with Sink(extensions=extensions) as sink, client_of(sink) as client:
        outcomes = [send(client)]
        sink.hang_up_on_all()
        outcomes.append(send(client))

    assert outcomes == [Taken("250 2.0.0 aceptado")] * 2
    assert [message.connection for message in sink.received] == [1, 2]


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_a_kept_connection_that_dies_before_the_content_is_replaced_once(extensions, verb):
    script = {verb: [Step(), Step(drop=True), Step(drop=True)]}
    with Sink(extensions=extensions, script=script) as sink, client_of(sink) as client:
        outcomes = [send(client), send(client), send(client)]

    assert outcomes == [
        Taken("250 2.0.0 aceptado"),
        Deferred("El servidor ha cerrado la conexión.", "MAIL", Fault.SILENT),
        Taken("250 2.0.0 aceptado"),
    ]
    assert (len(sink.received), sink.connections) == (2, 3)


@pytest.mark.parametrize("aside", ["421 4.4.2 demasiado tiempo", "250 2.1.0 de acuerdo", "354"])
def test_what_a_server_says_unasked_is_not_taken_for_an_answer(extensions, aside):
    script = {".": [Step(reply=f"250 2.0.0 aceptado\r\n{aside}")]}
    with Sink(extensions=extensions, script=script) as sink, client_of(sink) as client:
        outcomes = [send(client), send(client)]

    assert outcomes == [Taken("250 2.0.0 aceptado")] * 2
    assert [message.connection for message in sink.received] == [1, 2]


def test_refused_recipients_whose_message_is_awaited_get_none():
    script = {"RCPT": [Step(reply="550 5.1.1 no existe")], "DATA": [Step(reply="354 adelante")]}
    with Sink(script=script) as sink, client_of(sink) as client:
        outcomes = [send(client), send(client)]

    assert outcomes == [Refused("550 5.1.1 no existe", "RCPT"), Taken("250 2.0.0 aceptado")]
    assert [message.connection for message in sink.received] == [2]
