"""DKIM (RFC 6376): keys, the record that publishes them, and signing what leaves. `dkimpy` does the arithmetic."""

import base64
import datetime as dt
import re
from functools import lru_cache
from typing import Any

from msgspec import Struct

from app.errors import InvalidValue
from app.texts import _

SIGNED = (
    b"from", b"to", b"cc", b"subject", b"date", b"message-id", b"reply-to", b"mime-version", b"content-type",
    b"content-transfer-encoding", b"list-unsubscribe", b"list-unsubscribe-post",
)  # fmt: skip
LEAST_BITS, MOST_BITS = 1024, 4096


class DkimKey(Struct, frozen=True, kw_only=True):
    """Who signs: ``selector`` of ``domain``, with a private key in PEM."""

    domain: str
    selector: str
    private_key: str

    def __repr__(self) -> str:
        return f"DkimKey({self.selector}._domainkey.{self.domain})"

    @property
    def record_name(self) -> str:
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """What the domain has to publish under that name, as text."""
        return f"v=DKIM1; k=rsa; p={public_part(self.private_key)}"


def new_key() -> str:
    """A private key of 2048 bits. Slow: never while a transaction is open."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    return _pem(rsa.generate_private_key(65537, 2048))


def read_key(text: str, field: str) -> str:
    """A key that somebody pasted, as we keep it. Raises ``InvalidValue``."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(text.strip().encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        sentence = _("No es una clave privada en PEM sin contraseña: empieza por «-----BEGIN PRIVATE KEY-----».")
        raise InvalidValue(sentence, field=field) from error
    if not isinstance(key, rsa.RSAPrivateKey) or not LEAST_BITS <= key.key_size <= MOST_BITS:
        raise InvalidValue(_("La clave tiene que ser RSA, de 1024 a 4096 bits."), field=field)
    return _pem(key)


def sign(message: bytes, key: DkimKey, moment: dt.datetime) -> bytes:
    """``message`` with its signature on top: the same bytes for the same moment."""
    stamp = b"%d" % int(moment.timestamp())
    present = {name.lower() for name in re.findall(rb"^([A-Za-z-]+):", message.partition(b"\r\n\r\n")[0], re.MULTILINE)}
    signer = _signer(message, stamp)
    signature: bytes = signer.sign(
        key.selector.encode(),
        key.domain.encode(),
        key.private_key.encode(),
        canonicalize=(b"relaxed", b"relaxed"),
        include_headers=[name for name in SIGNED if name in present],
    )
    return signature + message


@lru_cache(maxsize=64)
def public_part(private_key: str) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    public = load_pem_private_key(private_key.encode(), None).public_key()
    octets = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(octets).decode()


def is_published(key: DkimKey, texts: tuple[str, ...]) -> bool:
    """Whether one of the records found under its name publishes this very key."""
    wanted = public_part(key.private_key)
    found = (re.search(r"(?:^|;)\s*p=([A-Za-z0-9+/=\s]*)", text) for text in texts)
    return any(part is not None and re.sub(r"\s", "", part[1]) == wanted for part in found)


def _pem(key: Any) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


def _signer(message: bytes, stamp: bytes) -> Any:
    import dkim  # with a resolver of its own: only where somebody signs

    class Signer(dkim.DKIM):  # type: ignore[misc]
        """The moment of signing is the mail's own, not that of the machine."""

        def gen_header(self, fields: Any, *rest: Any, **options: Any) -> bytes:
            dated = [(name, stamp if name == b"t" else value) for name, value in fields]
            return bytes(super().gen_header(dated, *rest, **options))

    return Signer(message)
