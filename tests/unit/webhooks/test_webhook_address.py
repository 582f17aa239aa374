"""Webhooks reach public addresses only, by whatever name, spelling or certificate somebody tries."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from pathlib import Path
from typing import Any

import pytest
from support.certificates import self_signed

from server import public_network
from server.public_network import is_public
from server.webhooks.address import check_url
from server.webhooks.courier import Answer, Courier
from server.webhooks.errors import WebhookUrlRefused

PRIVATE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1",
    "fd12:3456::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "2002:7f00:1::", "2002:a00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1",
    "2001:0:4136:e378:8000:63bf:f5ff:fffe", "fec0::1", "fec0:0:0:ffff::1", "192.0.0.192", "192.0.0.170",
    "192.0.0.9", "3fff::1", "5f00::1", "192.88.99.1", "168.63.129.16", "2001:20::1", "2001:10::1", "2001:2::1",
    "100::1", "::127.0.0.1", "::ffff:0:7f00:1", "4000::1", "2002:c000:c0::", "64:ff9b::c000:c0",
    "::ffff:192.0.0.192",
]  # fmt: skip
PUBLIC = [
    "8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808",
    "2a00:1450:4001:800::200e", "2001:4860:4860::8888", "2002:808:808::", "192.0.1.1", "168.63.129.17",
]  # fmt: skip


@pytest.mark.parametrize("text", PRIVATE)
def test_what_is_not_in_the_internet_is_not_public(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_what_is_in_the_internet_is(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


def refusal(url: str, *, allow_private: bool = False) -> str:
    with pytest.raises(WebhookUrlRefused) as caught:
        asyncio.run(check_url(url, allow_private=allow_private))
    return str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0x7f.1/",
        "https://017700000001/", "https://0/", "https://localhost/", "https://localhost./", "https://[::1]/",
        "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://10.0.0.1:8443/", "https://169.254.169.254/",
        "https://[fe80::1%25lo]/", "https://LOCALHOST/", "https://[fec0::1]/", "https://192.0.0.192/",
    ],
)  # fmt: skip
def test_no_spelling_of_a_private_address_is_taken(url: str) -> None:
    assert "public" in refusal(url) or "cannot be resolved" in refusal(url)


@pytest.mark.parametrize(
    "url",
    [
        "", "shop.example", "http://8.8.8.8/", "ftp://8.8.8.8/", "file:///etc/passwd", "https://", "https:///x",
        "https://user:secret@8.8.8.8/", "https://user@8.8.8.8/", "https://8.8.8.8/#part", "https://8.8.8.8:99999/",
        "https://8.8.8.8:x/", "https://8.8.8.8/a b", "https://8.8.8.8/\r\nHost: x", "https://[8.8.8.8/",
        "https://bücher.example/", "https://8.8.8.8/\x00", "javascript:alert(1)", "unix:///run/x",
        "https://" + "a" * 70 + ".example/", "https://a..b/", "https://8.8.8.8:0/", "https://8.8.8.8:00/hook",
    ],
)  # fmt: skip
def test_what_is_no_https_address_is_refused(url: str) -> None:
    assert refusal(url).startswith("url: ")


@pytest.mark.parametrize("url", ["https://8.8.8.8/hook?x=1", "https://[2606:4700:4700::1111]:8443/"])
def test_a_public_https_address_is_taken(url: str) -> None:
    asyncio.run(check_url(url, allow_private=False))


def test_development_may_use_http_and_this_host() -> None:
    asyncio.run(check_url("http://localhost:3000/hook", allow_private=True))
    assert "https" in refusal("ftp://localhost/", allow_private=True)


class Names:
    """A name server that answers what it is told, each time the next."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **names: list[list[str]]) -> None:
        self.asked: list[str] = []
        real = asyncio.BaseEventLoop.getaddrinfo

        async def getaddrinfo(loop: Any, host: str, port: int, **options: Any) -> list[Any]:
            key = host.partition(".")[0]
            if key not in names:
                return await real(loop, host, port, **options)
            self.asked.append(host)
            answers = names[key]
            found = answers.pop(0) if len(answers) > 1 else answers[0]
            return [(2, 1, 6, "", (one, port)) for one in found]

        monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)


def test_a_name_that_means_a_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    Names(monkeypatch, inner=[["127.0.0.1"]], mixed=[["8.8.8.8", "10.0.0.1"]], six=[["::1"]])
    for name in ("inner", "mixed", "six"):
        assert "not a public address" in refusal(f"https://{name}.example/")


async def post(courier: Courier, url: str) -> Answer:
    try:
        return await courier.post(url, (("Content-Type", "application/json"),), b"{}")
    finally:
        await courier.close()


def test_a_name_is_checked_anew_at_each_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that was public when it was registered, and means this host a moment later."""
    names = Names(monkeypatch, rebinding=[["8.8.8.8"], ["127.0.0.1"]])
    asyncio.run(check_url("https://rebinding.example/", allow_private=False))
    answer = asyncio.run(post(Courier(allow_private=False), "https://rebinding.example/"))
    assert answer.code == 0
    assert "127.0.0.1, which is not a public address" in answer.error
    assert len(names.asked) == 2


class Server:
    """A TLS server that says 200, with a certificate for hook.example of an authority of its own."""

    def __init__(self, home: Path) -> None:
        own = self_signed(home, "hook.example")
        self.authority = own.certificate
        self.hosts: list[str] = []
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(own.certificate, own.key)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.hosts += [
            line[6:].decode() for line in head.split(b"\r\n") if line.lower().startswith(b"host: ")
        ]
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async def posts(self, courier: Courier, host: str) -> Answer:
        server = await asyncio.start_server(self.answer, "127.0.0.1", 0, ssl=self.tls)
        port = server.sockets[0].getsockname()[1]
        async with server:
            return await post(courier, f"https://{host}:{port}/")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    one = Server(tmp_path)
    Names(monkeypatch, hook=[["127.0.0.1"]], other=[["127.0.0.1"]])
    return one


def test_the_certificate_must_be_for_the_name_though_the_address_was_looked_up(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(server.authority))
    monkeypatch.setattr(
        public_network, "is_public", lambda found: True
    )  # this host stands in for the internet
    assert asyncio.run(server.posts(Courier(allow_private=False), "hook.example")).is_taken
    assert server.hosts[0].startswith("hook.example:")
    answer = asyncio.run(server.posts(Courier(allow_private=False), "other.example"))
    assert not answer.is_taken
    assert "certificate" in answer.error


def test_a_certificate_that_nobody_vouches_for_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_network, "is_public", lambda found: True)
    answer = asyncio.run(server.posts(Courier(allow_private=False), "hook.example"))
    assert not answer.is_taken
    assert "certificate" in answer.error


def test_no_proxy_of_the_environment_is_asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("SSL_CERT_FILE", str(server.authority))
    assert asyncio.run(server.posts(Courier(allow_private=True), "hook.example")).is_taken
