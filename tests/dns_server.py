"""A DNS server of our own for the tests: the records it is given, and nothing else exists."""

import socketserver
import threading
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rrset


class DnsServer:
    """``records``: what a zone file says, by name and kind: ``{("a.example.", "MX"): ["10 mx.a.example."]}``."""

    def __init__(self, records: dict[tuple[str, str], list[str]]) -> None:
        self.records = records
        self.asked: list[tuple[str, str]] = []

    def __enter__(self) -> Self:
        ours = self

        class Answering(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                octets, connection = self.request
                connection.sendto(ours.answer(octets), self.client_address)

        self._server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Answering)
        self.port = self._server.server_address[1]
        self._serving = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._serving.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._serving.join()
        self._server.server_close()

    def answer(self, octets: bytes) -> bytes:
        query = dns.message.from_wire(octets)
        question = query.question[0]
        name, kind = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        response = dns.message.make_response(query, recursion_available=True)
        if texts := self.records.get((name, kind)):
            response.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", kind, texts))
        elif not any(known == name for known, _kind in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire()
