"""Secrets: passwords hashed, tokens minted and hashed, stored secrets sealed, forms and cookies signed."""

import base64
import hashlib
import hmac
import os
import secrets
import string
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.errors import Refusal
from app.texts import _

# OWASP's minimum for Argon2id; one hash at a time per core bounds memory to 19 MiB each.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Who hashes or waits to holds one of the forty threads that answer everything: most of them are left to the others.
_PLACES = BoundedSemaphore(16)
_SLOTS = BoundedSemaphore(min(os.cpu_count() or 1, 8))
_WAIT_FOR_SLOT = 5.0

LONGEST_PASSWORD = 128
_LETTERS_AND_DIGITS = string.ascii_letters + string.digits


class TooBusy(Refusal):
    """Too many people are signing in at this very moment."""

    status = 503
    code = "too_busy"

    def __init__(self) -> None:
        super().__init__(_("Hay muchas personas entrando a la vez. Espere unos segundos y vuelva a intentarlo."))


class SealBroken(Exception):
    """A sealed value was opened with the wrong key, row or field, or was altered."""


def hash_password(password: str) -> str:
    """Argon2id in a bounded pool. Slow on purpose: never while a transaction is open. Raises ``TooBusy``."""
    with _slot():
        return _HASHER.hash(password)


def password_matches(password: str, password_hash: str) -> bool:
    """As slow for an unknown account (empty hash) as for a known one. Raises ``TooBusy``."""
    if len(password) > LONGEST_PASSWORD:
        password = ""
    with _slot():
        try:
            return _HASHER.verify(password_hash or _nobody(), password) and bool(password_hash)
        except (VerificationError, InvalidHashError):
            return False


@cache
def _nobody() -> str:
    """A hash that nothing matches, as dear to check as any."""
    return _HASHER.hash(secrets.token_urlsafe(16))


@contextmanager
def _slot() -> Iterator[None]:
    """A turn to hash. Who finds too many waiting is told at once."""
    if not _PLACES.acquire(blocking=False):
        raise TooBusy
    try:
        if not _SLOTS.acquire(timeout=_WAIT_FOR_SLOT):
            raise TooBusy
        try:
            yield
        finally:
            _SLOTS.release()
    finally:
        _PLACES.release()


def new_token() -> str:
    """256 random bits for an address or a cookie."""
    return secrets.token_urlsafe(32)


def new_key() -> str:
    """256 random bits in letters and digits, for what people paste: a double click takes all of it."""
    return "".join(secrets.choice(_LETTERS_AND_DIGITS) for _ in range(43))


def new_password() -> str:
    """A password that can be read aloud: four groups without look-alike letters, about 80 bits."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(4))


def token_hash(token: str) -> str:
    """What is kept of a token: enough entropy makes a plain hash safe."""
    return hashlib.sha256(token.encode()).hexdigest()


class Keys:
    """The installation's keys: the first seals and signs, all open.

    A sealed value is bound to ``context`` (company, row and field): moved elsewhere it does not open.
    """

    def __init__(self, texts: tuple[str, ...]) -> None:
        roots = [hashlib.sha256(text.encode()).digest() for text in texts]
        self._sealing = [(self._derive(root, b"id")[:4], AESGCM(self._derive(root, b"seal"))) for root in roots]
        self._signing = self._derive(roots[0], b"sign")

    @staticmethod
    def _derive(root: bytes, purpose: bytes) -> bytes:
        return hmac.digest(root, b"ventanilla:" + purpose, "sha256")

    def seal(self, secret: bytes, context: str) -> bytes:
        key_id, cipher = self._sealing[0]
        nonce = os.urandom(12)
        return key_id + nonce + cipher.encrypt(nonce, secret, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Raises ``SealBroken``."""
        key_id, nonce, box = sealed[:4], sealed[4:16], sealed[16:]
        for known_id, cipher in self._sealing:
            if known_id == key_id:
                try:
                    return cipher.decrypt(nonce, box, context.encode())
                except InvalidTag as error:
                    raise SealBroken(context) from error
        raise SealBroken(context)

    def seal_text(self, secret: str, context: str) -> str:
        return base64.b64encode(self.seal(secret.encode(), context)).decode()

    def open_text(self, sealed: str, context: str) -> str:
        return self.open(base64.b64decode(sealed), context).decode()

    def sign(self, purpose: str, text: str) -> str:
        """A tag that only this installation can make for this purpose and text."""
        mac = hmac.digest(self._signing, f"{purpose}\x00{text}".encode(), "sha256")
        return base64.urlsafe_b64encode(mac[:24]).decode()

    def signed(self, purpose: str, text: str, tag: str) -> bool:
        return hmac.compare_digest(self.sign(purpose, text).encode(), tag.encode())
