"""How somebody proves to the SMTP sink who they are."""

import base64
import hmac


class SigningIn:
    """Part of a conversation, which ``send``s lines and reads ``read_until`` their end."""

    def is_proved(self, mechanism: str, initial: list[str], credentials: tuple[str, str]) -> bool:
        ways = {"PLAIN": self.plain, "LOGIN": self.login, "CRAM-MD5": self.cram_md5, "XOAUTH2": self.xoauth2}
        user, password = (part.encode() for part in credentials)
        return ways[mechanism](initial, user, password)

    def plain(self, initial: list[str], user: bytes, password: bytes) -> bool:
        given = base64.b64decode(initial[0]) if initial else self.challenge(b"")
        return given == b"\0" + user + b"\0" + password

    def login(self, _initial: list[str], user: bytes, password: bytes) -> bool:
        return (self.challenge(b"Username:"), self.challenge(b"Password:")) == (user, password)

    def cram_md5(self, _initial: list[str], user: bytes, password: bytes) -> bool:
        expected = hmac.new(password, b"<1.2@sumidero>", "md5").hexdigest().encode()
        return self.challenge(b"<1.2@sumidero>") == user + b" " + expected

    def xoauth2(self, initial: list[str], user: bytes, token: bytes) -> bool:
        """With an access token in the place of the password. Why not is told in JSON, which wants an empty answer."""
        given = base64.b64decode(initial[0]) if initial else self.challenge(b"")
        if given == b"user=" + user + b"\x01auth=Bearer " + token + b"\x01\x01":
            return True
        self.challenge(b'{"status":"401","schemes":"bearer","scope":"https://mail.google.com/"}')
        return False

    def challenge(self, question: bytes) -> bytes:
        self.send(f"334 {base64.b64encode(question).decode()}")
        return base64.b64decode(self.read_until(b"\r\n"))

    def send(self, reply: str) -> None:
        raise NotImplementedError

    def read_until(self, end: bytes) -> bytes:
        raise NotImplementedError
