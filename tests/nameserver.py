"""A DNS server on loopback, for the tests that ask one."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset

Zone = Mapping[str, Mapping[str, str]]
"""Records by name and type: {"example.com.": {"MX": "10 mail.example.com."}}."""

SILENT, BROKEN = "SILENT", "BROKEN"
"""In place of a type: no query on the name is answered, or each with an error."""


@contextmanager
def answering(zone: Zone) -> Iterator[dns.resolver.Resolver]:
    """A resolver that asks a server with these records, as long as it is open."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_serve, args=(server, zone), daemon=True)
        thread.start()
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = server.getsockname()[1]
        try:
            yield resolver
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"", server.getsockname())
            thread.join()


def _serve(server: socket.socket, zone: Zone) -> None:
    while True:
        data, sender = server.recvfrom(4096)
        if not data:
            return
        if answer := _answer(dns.message.from_wire(data), zone):
            server.sendto(answer.to_wire(), sender)


def _answer(query: dns.message.Message, zone: Zone) -> dns.message.Message | None:
    question = query.question[0]
    records = zone.get(question.name.to_text())
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.RA
    if records is None:
        answer.set_rcode(dns.rcode.NXDOMAIN)
    elif SILENT in records:
        return None
    elif BROKEN in records:
        answer.set_rcode(dns.rcode.SERVFAIL)
    elif record := records.get(kind := dns.rdatatype.to_text(question.rdtype)):
        answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, record))
    return answer
