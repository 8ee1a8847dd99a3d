"""The sink as a program: what it has accepted is on disk before the sender hears of it."""

import base64
import hashlib
import json
import subprocess
import sys

from app.adapters.smtp.client import Ambiguous, Refused, Taken
from tests.smtp_sink import Sink
from tests.unit.adapters.smtp.rig import MESSAGE, client_of, send

SCRIPT = {"RCPT": [{"reply": "550 5.1.1 no existe", "match": "nadie"}], ".": [{"drop": True, "keep": True}]}


def test_the_record_survives_the_death_of_the_program(tmp_path):
    record = tmp_path / "record.jsonl"
    command = [sys.executable, "-m", "tests.smtp_sink", "--record", record, "--script", json.dumps(SCRIPT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        _ready, host, port = program.stdout.readline().split()
        with client_of(Sink(host=host, port=int(port))) as client:
            outcomes = [type(send(client, recipient="nadie@tosma.example")), type(send(client)), type(send(client))]
        program.kill()

    lines = [json.loads(line) for line in record.read_text().splitlines()]
    assert outcomes == [Refused, Ambiguous, Taken]
    assert [
        (line["connection"], line["sender"], line["recipients"], line["message_id"], line["sha256"]) for line in lines
    ] == [
        (
            number,
            "facturas@demo.example",
            ["compras@tosma.example"],
            "<1@demo.example>",
            hashlib.sha256(MESSAGE).hexdigest(),
        )
        for number in (1, 2)
    ]
    assert base64.b64decode(lines[0]["content"]) == MESSAGE
