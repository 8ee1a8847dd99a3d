"""What servers say, for people."""

import pytest

from app.domain.mail.replies import blames_address, enhanced_code, explain, explain_code


@pytest.mark.parametrize(("reply", "sentence"), [
    ("550 5.1.1 <a@b.example>: user unknown", "Esa dirección de correo no existe."),
    ("550-5.1.1 The email account does not exist", "Esa dirección de correo no existe."),
    ("550 5.1.2 no such domain", "El dominio de esa dirección no existe."),
    ("556 5.1.10 null MX", "Esa dirección no admite correo."),
    ("550 5.2.1 disabled", "Ese buzón está desactivado."),
    ("452 4.2.2 over quota", "El buzón del destinatario está lleno."),
    ("552 5.2.3 too big", "El mensaje es demasiado grande para ese buzón."),
    ("552 5.3.4 too big", "El mensaje es demasiado grande para el servidor del destinatario."),
    ("554 5.7.1 spam", "El servidor del destinatario lo ha rechazado por sus normas contra el correo no deseado."),
    ("451 4.7.1 greylisted", "El servidor del destinatario pide que se intente más tarde."),
    ("550 no", "El servidor del destinatario lo ha rechazado."),
    ("450 busy", "El servidor del destinatario pide que se intente más tarde."),
    ("421", "El servidor del destinatario pide que se intente más tarde."),
    ("250 2.0.0 ok", "Aceptado."),
    ("Su acceso se ha retirado.", "Su acceso se ha retirado."),
    ("5500 cosas", "5500 cosas"),
    ("", ""),
])  # fmt: skip
def test_a_reply_is_explained(reply, sentence):
    assert explain(reply) == sentence


@pytest.mark.parametrize(("reply", "blames"), [
    ("550 5.1.1 <a@b.example>: user unknown", True),
    ("556 5.1.10 null MX", True),
    ("550 5.2.1 disabled", True),
    ("450 4.1.1 not now", False),
    ("552 5.2.2 over quota", False),
    ("550 no", False),
    ("Su acceso se ha retirado.", False),
    ("", False),
])  # fmt: skip
def test_some_replies_ask_for_another_address(reply, blames):
    assert blames_address(reply) is blames


@pytest.mark.parametrize(("reply", "code"), [
    ("550 5.1.1 <a@b.example>: user unknown", "5.1.1"),
    ("550 no", ""),
    ("450 4.1.1 not now", ""),
    ("Su acceso se ha retirado.", ""),
])  # fmt: skip
def test_a_final_refusal_has_a_code(reply, code):
    assert enhanced_code(reply) == code


@pytest.mark.parametrize(("code", "sentence"), [
    ("5.1.1", "Esa dirección de correo no existe."),
    ("4.2.2", "El buzón del destinatario está lleno."),
    ("5.4.7", "El servidor del destinatario no lo ha aceptado a tiempo."),
    ("5.7.26", "El servidor del destinatario lo ha rechazado por sus normas contra el correo no deseado."),
    ("4.7.1", ""),
    ("5.0.0", ""),
    ("", ""),
])  # fmt: skip
def test_a_code_is_explained_when_it_says_something(code, sentence):
    assert explain_code(code) == sentence
