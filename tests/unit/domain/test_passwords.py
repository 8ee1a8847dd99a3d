"""Which passwords are refused, and that no others are."""

import pytest

from app.domain.passwords import check_password
from app.errors import InvalidValue

OWN = (
    "Electricidad Tosma, S.L.",
    "Electricidad Tosma",
    "Tosma_SL",
    "lucia.ferrer@fincasferrer.example",
    "Lucía Ferrer",
)
GUESSABLE = "Esa contraseña es de las primeras que alguien probaría. Elija otra: una frase suya sirve."


@pytest.mark.parametrize(
    "password",
    [
        "mi perro come pienso",
        "caballo correcto grapa",
        "Tr0ub4dor&3xyz",
        "9283749183",
        "ñandú verde y 3 soles",
        "電子請求書のパスワード",
        "x7kdogq9z1",
        "lucia tiene un gato gris",
        "la casa azul",
        "abcd-efgh-jkmn-pqrs",
    ],
)
def test_a_password_nobody_would_guess_is_taken_as_it_is(password: str) -> None:
    assert check_password(password, "clave", least=10, words=OWN) == password


@pytest.mark.parametrize(
    "password",
    [
        " " * 10,
        "\u0301" * 12,
        "lucia.ferrer@fincasferrer.example",
        "Electricidad Tosma, S.L.",
        "aaaaaaaaaaaa",
        "121212121212",
        "abcabcabcabc",
        "a" * 60 + "bcdefghij",
        "x7" * 4 + "Kq9z",
        "hola hola hola",
        "hola,hola,hola",
        "Feliz Navidad 2025",
        "1234567890a",
        "123456789q",
        "alejandro1",
        "jennifer12",
        "carlos1234",
        "maria.carmen",
        "sevilla2024",
        "tequieromucho",
        "12/11/1999",
        "1234567890",
        "0987654321",
        "abcdefghijkl",
        "qwertyuiop",
        "poiuytrewq",
        "1qaz2wsx3edc",
        "contraseña1",
        "Contraseña2026!",
        "P4ssw0rd2024!",
        "p@$$w0rd1234",
        "Verano2026!!",
        "madrid barcelona",
        "Electricidad2026",
        "tosma-2026-tosma",
        "tosmasl12345",
        "lucia.ferrer",
        "LuciaFerrer1990",
        "fincasferrer1",
        "LUCÍA--1990--",
    ],
)
def test_what_somebody_would_try_first_is_refused(password: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        check_password(password, "clave", least=10, words=OWN)

    assert (str(refused.value), refused.value.field) == (GUESSABLE, "clave")


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("nueve let", "Use al menos 10 caracteres."),
        ("x" * 129, "Como mucho 128 caracteres."),
        ("diez\x00letras", "Hay caracteres de control que no se pueden usar."),
    ],
)
def test_the_edges_of_length(password: str, sentence: str) -> None:
    with pytest.raises(InvalidValue, match=sentence):
        check_password(password, "clave", least=10)


def test_both_edges_are_inside() -> None:
    assert [len(check_password(text, "clave", least=10)) for text in ("k3mq8 zt1b", "k3mq8zt1b7wp5 dv" * 8)] == [
        10,
        128,
    ]


def test_an_endless_one_of_signs_is_soon_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """As given it would take a minute: only its beginning is judged, and one sign for each letter it may stand for."""
    judged: list[str] = []
    monkeypatch.setattr("zxcvbn.zxcvbn", lambda text, user_inputs: judged.append(text) or {"guesses": 10**20})

    check_password("4@8({[<3691!|70$5+%2" * 6, "clave", least=10)

    assert judged == [("448((((36911170557%2" * 6)[:64]]
