"""Certificates good and bad, for servers in tests."""

import datetime as dt
import ssl
import warnings
from pathlib import Path

import trustme


def server_context(kind: str, directory: Path) -> tuple[ssl.SSLContext, str]:
    """A TLS server context and the file of the authority behind it.

    ``kind`` is valid (for localhost and 127.0.0.1), wrong-name, expired, self-signed or old (TLS 1.1 at most).
    """
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    names = ("otro.example",) if kind == "wrong-name" else ("localhost", "127.0.0.1")
    expiry = dt.datetime(2001, 1, 1, tzinfo=dt.UTC) if kind == "expired" else None
    if kind == "self-signed":
        pem = directory / "self-signed.pem"
        pem.write_bytes(authority.private_key_pem.bytes() + authority.cert_pem.bytes())
        context.load_cert_chain(pem)
        authority = trustme.CA()
    else:
        authority.issue_cert(*names, not_after=expiry).configure_cert(context)
    if kind == "old":
        with warnings.catch_warnings(action="ignore"):
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
    bundle = directory / "authority.pem"
    authority.cert_pem.write_to_path(bundle)
    return context, str(bundle)
