"""What is said of mails that were sent again or cancelled."""

import pytest

from app.domain.mail.resending import Cancelled, Requeued


@pytest.mark.parametrize(("answer", "sentence"), [
    (Requeued(0), "Ninguno de esos correos se puede volver a enviar."),
    (Requeued(1), "El correo vuelve a la cola."),
    (Requeued(1234), "1.234 correos vuelven a la cola."),
    (Cancelled(0), "Ninguno de esos correos estaba pendiente de envío."),
    (Cancelled(1), "Correo anulado: no se enviará."),
    (Cancelled(2), "2 correos anulados: no se enviarán."),
])  # fmt: skip
def test_an_answer_says_itself(answer, sentence):
    assert str(answer) == sentence
