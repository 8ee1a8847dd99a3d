"""Our own IMAP client: the folders of an account, copies of what it sent, and what arrives in its inbox.

Every message of ours is known by its Message-ID. Nothing here is done twice by itself: whoever is told that an answer
was lost looks for the message before storing it again.
"""

import datetime as dt
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import CapabilityError, IMAPClientAbortError, IMAPClientError
from msgspec import Struct

from app.adapters.imap.account import ImapAccount
from app.adapters.imap.session import answers, open_session
from app.adapters.imap.wire import Wire
from app.errors import AdapterError, Fault
from app.texts import _

# It would log what servers say and, when asked to say more, what they are told.
logging.getLogger("imapclient").setLevel(logging.CRITICAL)

INBOX = "INBOX"
MOST_FOLDERS = 1000
MOST_OF_HEADER = 4096
AT_ONCE = 100

SENT_NAMES = (
    "sent", "sent items", "sent messages", "sent mail", "sent-mail", "enviados", "elementos enviados",
    "mensajes enviados", "correo enviado", "correos enviados", "enviats", "elements enviats", "bidalitakoak",
)  # fmt: skip
"""What the folder is called where the server does not mark it, the likeliest first."""

_MESSAGE_ID = re.compile(r'<[^<>\s"\\\x00-\x20\x7f-\uffff]{1,250}>')


class Folder(Struct, frozen=True):
    """``is_sent``: the one for what was sent. One that cannot be selected only holds others."""

    name: str
    is_sent: bool
    can_select: bool


class InboxState(Struct, frozen=True):
    """Numbers of messages mean something only beside the same ``validity``; the next to arrive gets ``next_uid``."""

    validity: int
    next_uid: int


class Arrived(Struct, frozen=True):
    """A message of the inbox as it lies there; ``content_type`` is its header, as it came."""

    uid: int
    content_type: str


@contextmanager
def open_mailbox(
    account: ImapAccount, *, private_hosts: frozenset[str] = frozenset(), ca_file: str | None = None
) -> Iterator["Mailbox"]:
    """Signed in while the block lasts. Raises ``CredentialsRefused`` or another ``AdapterError``.

    ``private_hosts`` and ``ca_file`` come from the settings.
    """
    wire = open_session(account, private_hosts=private_hosts, ca_file=ca_file)
    try:
        with answers(wire):
            mailbox = Mailbox(wire)
        yield mailbox
    finally:
        wire.hang_up()


class Mailbox:
    """An account one is signed in to. Everything may raise ``AdapterError``; after ``LinkLost`` it is useless."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._client = _Client(wire)

    @property
    def keeps_own_copies(self) -> bool:
        """Whether the provider stores what leaves through it by itself, some time after: Gmail and Exchange do."""
        return "X-GM-EXT-1" in self._wire.capabilities or b"Microsoft Exchange" in (self._wire.welcome or b"")

    def folders(self) -> list[Folder]:
        """By name. At most one is the sent one: what the server marks (RFC 6154), else the best known name."""
        with answers(self._wire):
            found = self._client.list_folders()[:MOST_FOLDERS]
            named = {str(name): {bytes(flag).lower() for flag in flags} for flags, _mark, name in found}
            marks = {str(name): (mark or b"/").decode() for _flags, mark, name in found}
        usable = [name for name, flags in named.items() if not flags & {b"\\noselect", b"\\nonexistent"}]
        marked = [name for name in usable if b"\\sent" in named[name]]
        known = sorted((place, name) for name in usable if (place := _known_place(name, marks[name])) is not None)
        sent = marked[0] if marked else known[0][1] if known else None
        return [Folder(name, name == sent, name in usable) for name in sorted(named, key=str.casefold)]

    def holds(self, folder: str, message_id: str, since: dt.date | None = None) -> bool:
        """Whether a message of that Message-ID lies in ``folder``; not older than ``since``, which spares a search."""
        return bool(self._found(folder, message_id, since, readonly=True))

    def append(self, folder: str, message: bytes, moment: dt.datetime) -> None:
        """Store ``message`` in ``folder``, byte for byte and marked as read, as of ``moment``."""
        with answers(self._wire):
            self._client.append(folder, message, (rb"\Seen",), moment)

    def remove(self, folder: str, message_id: str) -> int:
        """Delete the messages of that Message-ID from ``folder``; how many there were.

        A server that cannot delete some and keep others (RFC 4315) only gets them marked as deleted.
        """
        uids = self._found(folder, message_id, None, readonly=False)
        with answers(self._wire):
            if uids:
                self._client.delete_messages(uids, silent=True)
                with suppress(CapabilityError):
                    self._client.uid_expunge(uids)
        return len(uids)

    def inbox(self) -> InboxState:
        """Look at the inbox without changing anything in it."""
        state = self._select(INBOX, readonly=True)
        validity, next_uid = state.get(b"UIDVALIDITY"), state.get(b"UIDNEXT")
        if not isinstance(validity, int) or not isinstance(next_uid, int):
            raise AdapterError(_("El servidor no numera sus mensajes."))
        return InboxState(validity, next_uid)

    def arrived(self, *, after: int = 0, since: dt.date | None = None, most: int = 500) -> list[Arrived]:
        """Messages of the inbox numbered above ``after``, and not older than ``since``; the first ``most`` of them."""
        self._select(INBOX, readonly=True)
        with answers(self._wire):
            sought: list[Any] = ["UID", f"{after + 1}:*"] + (["SINCE", since] if since else [])
            # "7:*" means "*:7" where nothing is above 7.
            uids = sorted(uid for uid in self._client.search(sought) if uid > after)[:most]
            return [each for start in range(0, len(uids), AT_ONCE) for each in self._described(uids[start:][:AT_ONCE])]

    def read(self, uid: int, most: int) -> bytes:
        """The first ``most`` octets of a message of the inbox, which stays unread. Nothing if it has gone."""
        self._select(INBOX, readonly=True)
        with answers(self._wire):
            parts = self._client.fetch([uid], [f"BODY.PEEK[]<0.{most}>"]).get(uid, {})
            return _part(parts, b"BODY[")[:most]

    def _described(self, uids: Sequence[int]) -> Iterator[Arrived]:
        wanted = f"BODY.PEEK[HEADER.FIELDS (CONTENT-TYPE)]<0.{MOST_OF_HEADER}>"
        found = self._client.fetch(uids, [wanted])
        for uid in uids:
            if parts := found.get(uid):
                header = _part(parts, b"BODY[")[:MOST_OF_HEADER].decode(errors="replace")
                yield Arrived(uid, header.partition(":")[2].strip())

    def _found(self, folder: str, message_id: str, since: dt.date | None, *, readonly: bool) -> list[int]:
        if not _MESSAGE_ID.fullmatch(message_id):
            raise AdapterError(_("El identificador del mensaje no es válido."), permanent=True)
        self._select(folder, readonly=readonly)
        with answers(self._wire):
            age: list[Any] = ["SINCE", since] if since else []
            return list(self._client.search([*age, "HEADER", "Message-ID", message_id]))

    def _select(self, folder: str, *, readonly: bool) -> dict[Any, Any]:
        """Select anew each time: what others did meanwhile is only told to those who ask."""
        with answers(self._wire):
            try:
                return dict(self._client.select_folder(folder, readonly=readonly))
            except IMAPClientAbortError:
                raise
            except IMAPClientError as refusal:
                why = {"carpeta": folder, "motivo": self._wire.refusal}
                sentence = _("No se puede abrir la carpeta «%(carpeta)s»: %(motivo)s") % why
                raise AdapterError(sentence, Fault.FOLDER_MISSING) from refusal


class _Client(IMAPClient):  # type: ignore[misc]
    """The library over a wire that is signed in already."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        super().__init__(wire.host, ssl=False)
        # It would log every command and keep what it costs.
        self._imap.debug = 0

    def _create_IMAP4(self) -> Wire:
        return self._wire


def _known_place(name: str, mark: str) -> int | None:
    last = name.rpartition(mark)[2].casefold()
    return SENT_NAMES.index(last) if last in SENT_NAMES else None


def _part(parts: dict[bytes, Any], name: bytes) -> bytes:
    """What a server answers to a body part; how it spells the part in its answer is its own."""
    return next((value for key, value in parts.items() if key.startswith(name) and isinstance(value, bytes)), b"")
