"""Writing a group of mails: what cannot be written fails by itself."""

import pytest
from jinja2 import TemplateError

from app.adapters.letters.letter import Letters
from models.enums import MailStatus


@pytest.mark.parametrize("mistake", [RecursionError, TemplateError, KeyError])
def test_a_bug_in_one_letter_costs_that_one_alone(post, sink, monkeypatch, mistake):
    broken, other = post.notices(2)
    write = Letters.write

    def write_one(letters, mail, *rest):
        if mail.id == broken.id:
            raise mistake
        return write(letters, mail, *rest)

    monkeypatch.setattr(Letters, "write", write_one)

    post.send()

    assert [message.recipients for message in sink.received] == [(other.recipient,)]
    broken, other = post.now(broken), post.now(other)
    assert (broken.status, broken.last_reply) == (MailStatus.FAILED, "No se ha podido redactar el correo.")
    assert other.status is MailStatus.SENT
