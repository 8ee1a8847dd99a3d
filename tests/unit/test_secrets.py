"""Seals, tags, tokens and passwords."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.secrets import Keys, SealBroken, hash_password, new_password, new_token, password_matches

OLD, NEW = "o" * 40, "n" * 40


def test_a_seal_opens_only_where_it_was_put():
    keys = Keys((NEW,))
    sealed = keys.seal_text("contraseña & ñ", "1:mail_accounts:7:password")

    assert keys.open_text(sealed, "1:mail_accounts:7:password") == "contraseña & ñ"
    with pytest.raises(SealBroken):
        keys.open_text(sealed, "2:mail_accounts:7:password")


def test_an_altered_seal_does_not_open():
    keys = Keys((NEW,))
    sealed = bytearray(keys.seal(b"secreto", "aqui"))
    sealed[-1] ^= 1

    with pytest.raises(SealBroken):
        keys.open(bytes(sealed), "aqui")


def test_keys_rotate():
    sealed = Keys((OLD,)).seal(b"secreto", "aqui")

    assert Keys((NEW, OLD)).open(sealed, "aqui") == b"secreto"
    with pytest.raises(SealBroken):
        Keys((NEW,)).open(sealed, "aqui")


def test_a_tag_is_for_one_purpose_and_text():
    keys = Keys((NEW,))
    tag = keys.sign("csrf", "galleta")

    assert keys.signed("csrf", "galleta", tag)
    assert not keys.signed("preview", "galleta", tag)
    assert not keys.signed("csrf", "otra", tag)
    assert not keys.signed("csrf", "galleta", "ñ")


def test_passwords_match_only_themselves():
    hashed = hash_password("la cena es a las nueve")

    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert password_matches("la cena es a las nueve", hashed)
    assert not password_matches("la cena es a las diez", hashed)
    assert not password_matches("", "")
    assert not password_matches("x" * 1_000_000, hashed)


def test_many_at_once_wait_for_their_turn():
    hashed = hash_password("la cena es a las nueve")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _n: password_matches("la cena es a las nueve", hashed), range(16)))

    assert answers == [True] * 16


def test_tokens_and_passwords_are_never_repeated():
    assert len({new_token() for _ in range(1000)}) == 1000
    assert len({new_password() for _ in range(1000)}) == 1000
    assert len(new_token()) == 43
