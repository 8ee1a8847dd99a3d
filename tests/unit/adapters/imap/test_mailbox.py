"""Folders, copies and the inbox of a real server, and of one that lies, refuses or hangs up."""

import datetime as dt
import imaplib

import pytest

from app.adapters.imap.mailbox import Arrived, Folder, InboxState, open_mailbox
from app.errors import AdapterError, Fault
from tests.imap_relay import Relay, Turn
from tests.imap_server import HOSTS

NOON = dt.datetime(2026, 11, 21, 12, 30, 15, tzinfo=dt.UTC)
LATER = dt.date(2040, 1, 1)
# What a mail of ours may hold: CRLF everywhere, dots at the beginning of lines, octets above 127.
LETTER = (
    b"Message-ID: <1@demo.example>\r\nSubject: Factura\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    b".punto\r\n..dos\r\n.\r\n" + "Adiós, ñandú\r\n".encode() + bytes(range(128, 256)) + b"\r\n\r\n"
)
REPORT = (
    b"Message-ID: <r@x.example>\r\nContent-Type: multipart/report; boundary=b;\r\n report-type=delivery-status\r\n\r\n"
)


def through(imap, user, relay):
    return open_mailbox(imap.account(user, port=relay.port, timeout=0.7), private_hosts=HOSTS)


# Folders


def test_the_sent_folder_is_the_one_the_server_marks(imap):
    user = imap.user()
    imap.make_folders(user, "Sent", "Año 2026/Señal", "&")

    with imap.mailbox(user) as mailbox:
        folders = mailbox.folders()

    assert folders == [
        Folder("&", is_sent=False, can_select=True),
        Folder("Año 2026", is_sent=False, can_select=False),
        Folder("Año 2026/Señal", is_sent=False, can_select=True),
        Folder("Enviados", is_sent=imap.exact, can_select=True),
        Folder("INBOX", is_sent=False, can_select=True),
        Folder("Sent", is_sent=not imap.exact, can_select=True),  # where none is marked, the likelier name
    ]


@pytest.mark.parametrize(
    ("made", "sent"),
    [
        ((), "Enviados"),
        (("Sent",), "Sent"),
        (("Correo/Elementos enviados", "Correo/enviados viejos"), "Enviados"),
        (("SENT ITEMS",), "SENT ITEMS"),
    ],
)
def test_without_a_mark_it_goes_by_its_name(imap, made, sent):
    user = imap.user()
    imap.make_folders(user, *made)
    with Relay(upstream=imap.port, lies={b" \\Sent": b""}) as relay, through(imap, user, relay) as mailbox:
        assert [folder.name for folder in mailbox.folders() if folder.is_sent] == [sent]


@pytest.mark.parametrize(
    ("says", "name"),
    [
        ('LIST (\\HasNoChildren) "/" "&AOEA6Q-"', "áé"),
        ("LIST (\\HasNoChildren) NIL Plano", "Plano"),
        ('LIST () "/" 2026', "2026"),
    ],
)
def test_odd_names_of_folders_do_no_harm(imap, says, name):
    script = {"LIST": [Turn(untagged=says)]}
    with Relay(upstream=imap.port, script=script) as relay, through(imap, imap.user(), relay) as mailbox:
        assert {folder.name for folder in mailbox.folders()} == {"Enviados", "INBOX", name}


def test_a_name_that_cannot_be_read_ends_in_a_sentence(imap):
    script = {"LIST": [Turn(untagged='LIST () "/" "&/w-"')]}
    with (
        Relay(upstream=imap.port, script=script) as relay,
        through(imap, imap.user(), relay) as mailbox,
        pytest.raises(AdapterError, match="no responde como un servidor de correo"),
    ):
        mailbox.folders()


# Copies


@pytest.mark.parametrize("folder", ["Enviados", "INBOX", "Año 2026/Señal", 'con "comillas" y \\', "a&b", "日本"])
def test_a_copy_is_byte_for_byte_what_was_given_and_read(imap, folder):
    user = imap.user()
    imap.make_folders(user, folder)
    with imap.mailbox(user) as mailbox:
        before = mailbox.holds(folder, "<1@demo.example>")
        mailbox.append(folder, LETTER, NOON)
        after = [mailbox.holds(folder, name) for name in ("<1@demo.example>", "<11@demo.example>", "<@demo.example>")]

    assert (before, after) == (False, [True, False, False])
    assert imap.stored(user, folder) == [(LETTER, "S", NOON)]


def test_a_copy_can_be_removed_again_and_nothing_else_with_it(imap):
    user = imap.user()
    other = LETTER.replace(b"<1@", b"<2@")
    with imap.mailbox(user) as mailbox:
        for message in (LETTER, other, LETTER):
            mailbox.append("Enviados", message, NOON)
        imap.mark_deleted(user, "Enviados", 2)

        assert [mailbox.remove("Enviados", "<1@demo.example>") for _ in range(2)] == [2, 0]

    assert imap.stored(user) == [(other, "ST", NOON)]


def test_without_uidplus_it_is_only_marked(imap):
    user = imap.user()
    with Relay(upstream=imap.port, lies={b" UIDPLUS": b""}) as relay, through(imap, user, relay) as mailbox:
        mailbox.append("Enviados", LETTER, NOON)

        assert mailbox.remove("Enviados", "<1@demo.example>") == 1

    assert imap.stored(user) == [(LETTER, "ST", NOON)]


@pytest.mark.parametrize(
    "message_id", ["", "1@demo.example", "<a b@c>", '<a"@c>', "<a\\@c>", "<á@c>", "<a@c>\r\nZ LOGOUT"]
)
def test_what_is_no_message_id_is_not_asked_for(imap, message_id):
    with imap.mailbox(imap.user()) as mailbox, pytest.raises(AdapterError) as failure:
        mailbox.holds("Enviados", message_id)

    assert (str(failure.value), failure.value.permanent) == ("El identificador del mensaje no es válido.", True)


@pytest.mark.parametrize(
    ("turn", "sentence", "fault"),
    [
        (Turn(reply="NO [OVERQUOTA] Buzón lleno"), "[OVERQUOTA] Buzón lleno", None),
        (Turn(reply="NO [TRYCREATE] No existe"), "[TRYCREATE] No existe", None),
        (Turn(reply="BAD ¿qué?"), "¿qué?", None),
        (Turn(drop=True), "El servidor ha cerrado la conexión.", Fault.SILENT),
        (Turn(swallow=True), "El servidor ha cerrado la conexión.", Fault.SILENT),
        (Turn(stall=True), "El servidor no responde a tiempo.", Fault.SILENT),
    ],
)
def test_a_copy_that_is_not_confirmed_says_why(imap, turn, sentence, fault):
    user = imap.user()
    with Relay(upstream=imap.port, script={"APPEND": [turn]}) as relay:
        with pytest.raises(AdapterError) as failure, through(imap, user, relay) as mailbox:
            mailbox.append("Enviados", LETTER, NOON)
        relay.stopped.set()

    assert (str(failure.value), failure.value.fault) == (sentence, fault)
    assert len(imap.stored(user)) == (1 if turn.swallow else 0)


def test_a_folder_that_is_not_there_is_named(imap):
    with imap.mailbox(imap.user()) as mailbox, pytest.raises(AdapterError) as failure:
        mailbox.holds("Señales", "<1@demo.example>")

    assert str(failure.value).startswith("No se puede abrir la carpeta «Señales»: ")
    assert failure.value.fault is Fault.FOLDER_MISSING


@pytest.mark.parametrize(
    ("told", "keeps"),
    [
        ({}, False),
        ({b" UIDPLUS": b" UIDPLUS X-GM-EXT-1"}, True),
        ({b" ready": b": The Microsoft Exchange IMAP4 service is ready"}, True),
    ],
)
def test_providers_that_keep_their_own_copies_are_known(imap, told, keeps):
    with Relay(upstream=imap.port, lies=told) as relay, through(imap, imap.user(), relay) as mailbox:
        assert mailbox.keeps_own_copies is keeps


# The inbox


def test_the_inbox_is_read_without_touching_it(imap):
    user = imap.user()
    imap.deliver(user, LETTER, REPORT + b"x" * 100_000)
    with imap.mailbox(user) as mailbox:
        state = mailbox.inbox()
        arrived = mailbox.arrived()
        content = mailbox.read(2, 200)
        gone = mailbox.read(7, 200)

    header = imap.as_kept(b"multipart/report; boundary=b;\r\n report-type=delivery-status").decode()
    assert (state.next_uid, gone, content) == (3, b"", imap.as_kept(REPORT + b"x" * 200)[:200])
    assert arrived == [Arrived(1, ""), Arrived(2, header)]
    assert [flags for _content, flags, _moment in imap.stored(user, "INBOX")] == ["", ""]


def test_only_what_is_new_is_looked_at(imap):
    user = imap.user()
    imap.deliver(user, *[LETTER] * 5)
    with imap.mailbox(user) as mailbox:
        uids = [
            [each.uid for each in mailbox.arrived(**which)]
            for which in (
                {"after": 3},
                {"after": 5},
                {"after": 9},
                {"after": 1, "most": 2},
                {"since": dt.date(2040, 1, 1)},
            )
        ]
        imap.deliver(user, LETTER)
        uids.append([each.uid for each in mailbox.arrived(after=5)])

    assert uids == [[4, 5], [], [], [2, 3], [], [6]]


@pytest.mark.parametrize(
    "raw",
    [
        b"* 1 FETCH (UID 1 BODY[]<0> {999999999999}\r\n",
        b"* 1 FETCH (UID 1 BODY[]<0> {-1}\r\n",
        b"* 1 FETCH " + b"(" * 5000 + b"\r\n",
        b"* 1 FETCH (UID x)\r\n",
        b"* 1 FETCH (UID)\r\n",
        b'* 1 FETCH (UID 1 BODY[]<0> "',
        b"* 1 EXISTS\r\n" * 800_000,
        b"\xff\xfe\r\n",
    ],
    ids=["endless", "negative", "deep", "no number", "odd", "open", "flood", "noise"],
)
def test_nonsense_ends_in_a_sentence(imap, raw):
    user = imap.user()
    imap.deliver(user, LETTER)
    script = {"UID FETCH": [Turn(raw=raw, drop_after=True)]}
    with (
        Relay(upstream=imap.port, script=script) as relay,
        through(imap, user, relay) as mailbox,
        pytest.raises(AdapterError) as failure,
    ):
        mailbox.read(1, 100)

    assert str(failure.value).startswith("El servidor ")


def test_a_server_without_numbers_cannot_be_followed(imap):
    with (
        Relay(upstream=imap.port, lies={b"UIDVALIDITY": b"NADA"}) as relay,
        through(imap, imap.user(), relay) as mailbox,
        pytest.raises(AdapterError, match="no numera"),
    ):
        mailbox.inbox()


def test_what_the_library_is_leaned_on_for_is_there(imap):
    """Its wire is ours, and it speaks over it in what it calls the signed-in state."""
    with imap.mailbox(imap.user()) as mailbox:
        assert isinstance(mailbox._client._imap, imaplib.IMAP4)
        assert mailbox._client._imap is mailbox._wire
        assert mailbox.inbox() == InboxState(mailbox.inbox().validity, 1)
