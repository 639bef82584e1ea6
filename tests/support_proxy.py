"""A proxy that reads TLS, as many networks have: it answers for every host with a certificate of its own authority."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ADDRESS = "127.0.0.1"


@dataclass
class Proxy:
    """A running proxy; with a `refusal`, such as `502 Bad Gateway`, it opens no tunnel once it has read `after`."""

    url: str
    authority: Path
    """The certificate that clients must trust, as PEM."""
    refusal: str = ""
    after: str = ""
    read: list[str] = field(default_factory=list)
    """The first line of what was sent through each connection, as the proxy read it in the clear."""

    @property
    def refuses(self) -> bool:
        """Whether it refuses to connect, as of now."""
        return bool(self.refusal) and any(self.after in line for line in ("", *self.read))


@contextlib.contextmanager
def proxy(folder: Path, refusal: str = "", *, after: str = "") -> Iterator[Proxy]:
    """A proxy for servers at 127.0.0.1, which it reaches without TLS."""
    certificate, authority = _certificates(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with socket.create_server((ADDRESS, 0)) as listening:
        running = Proxy(
            url=f"http://{ADDRESS}:{listening.getsockname()[1]}",
            authority=authority,
            refusal=refusal,
            after=after,
        )
        threading.Thread(target=_serve, args=(running, listening, context), daemon=True).start()
        yield running


def _serve(running: Proxy, listening: socket.socket, context: ssl.SSLContext) -> None:
    with contextlib.suppress(OSError):  # it is closed
        while True:
            client, _ = listening.accept()
            threading.Thread(target=_tunnel, args=(running, client, context), daemon=True).start()


def _tunnel(running: Proxy, client: socket.socket, context: ssl.SSLContext) -> None:
    """Answer one CONNECT, and pass on what follows in both directions until either side ends."""
    with client, contextlib.suppress(OSError):
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(1)
        host, port = head.split()[1].decode().split(":")
        if running.refuses:
            client.sendall(f"HTTP/1.1 {running.refusal}\r\nContent-Length: 0\r\n\r\n".encode())
            return
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with (
            context.wrap_socket(client, server_side=True) as opened,
            socket.create_connection((host, int(port))) as server,
        ):
            first = opened.recv(65_536)
            running.read.append(first.partition(b"\r\n")[0].decode())
            server.sendall(first)
            back = threading.Thread(target=_pass_on, args=(server, opened), daemon=True)
            back.start()
            _pass_on(opened, server)
            back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while sent := source.recv(65_536):
            target.sendall(sent)
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


def _certificates(folder: Path) -> tuple[Path, Path]:
    """The certificate and key for 127.0.0.1 in one file, and the authority's certificate in another."""
    now = datetime.now(UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("A test's CA", "proxy")]

    def builder(which: int) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(names[which])
            .issuer_name(names[0])
            .public_key(keys[which].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=which == 0, path_length=None), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(keys[which].public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[0].public_key()), critical=False
            )
        )

    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(ADDRESS))])
    root = builder(0).add_extension(usage, critical=True).sign(keys[0], hashes.SHA256())
    leaf = builder(1).add_extension(address, critical=False).sign(keys[0], hashes.SHA256())
    key = keys[1].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = serialization.Encoding.PEM
    authority, both = folder / "authority.pem", folder / "proxy.pem"
    authority.write_bytes(root.public_bytes(pem))
    both.write_bytes(leaf.public_bytes(pem) + key)
    return both, authority
