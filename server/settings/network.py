"""Settings of the network: where the shop listens, and for whom."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from server.settings.group import Group
from server.settings.origins import origin_of

_HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,100}")


class NetworkSettings(Group):
    """Ports, TLS, proxies and the origins of browsers."""

    host: str = Field("127.0.0.1", description="Address that both ports listen on")
    port: int = Field(8000, ge=1, le=65535, description="JSON, SSE and gRPC-Web")
    grpc_port: int = Field(50051, ge=1, le=65535, description="Native gRPC")
    grpc_reflection: bool | None = Field(
        None,
        description="Whether command lines may ask for the contract, and watch the health; unset: "
        "except in production",
    )
    pages_dir: Path | None = Field(
        None, description="Directory of built web pages, served at /; unset: none but the API's documentation"
    )
    trusted_proxy_hops: int = Field(
        0, ge=0, le=10, description="Proxies before the shop whose X-Forwarded-For tells the caller's address"
    )
    proxy_protocol: bool = Field(
        False,
        description="Whether balancers, who alone reach the ports, name callers by the PROXY protocol (1 or 2)",
    )
    tls_cert_file: Path | None = Field(
        None,
        description="PEM certificates, the shop's own first, to speak TLS on both ports; read again when changed",
    )
    tls_key_file: Path | None = Field(None, description="The certificate's private key")
    tls_client_ca_file: Path | None = Field(
        None, description="PEM certificates of the authorities whose client certificates callers must show"
    )
    tls_client_ports: Literal["grpc", "both"] = Field(
        "grpc", description="Where they must: on GRPC_PORT, while browsers call PORT, or on both"
    )
    behind_tls_proxy: bool = Field(
        False,
        description="Whether a proxy in front ends TLS; else production speaks it where HOST is not this machine",
    )
    workers: int = Field(2, ge=1, le=64, description="Server processes; one uses one core")
    cors_origins: list[str] = Field(
        ["http://localhost:3000", "http://localhost:5173"],
        description="Browser origins allowed to call, as a JSON list; each by name, there is no wildcard",
    )

    cors_headers: list[str] = Field(
        ["traceparent", "tracestate", "baggage", "sentry-trace", "x-requested-with", "cache-control"],
        description="Headers that pages of these origins may send besides the API's own, as a JSON list",
    )
    cors_exposed_headers: list[str] = Field(
        [], description="Headers of replies that they may read besides the API's own, as a JSON list"
    )

    catalogue_cache_seconds: int = Field(
        5,
        ge=0,
        le=86400,
        description="How long caches may keep what the catalogue tells anyone over HTTP, before they ask again",
    )

    @field_validator("cors_headers", "cors_exposed_headers")
    @classmethod
    def _names_of_headers(cls, value: list[str]) -> list[str]:
        for name in value:
            if not _HEADER_NAME.fullmatch(name):
                raise ValueError(f"{name!r} is not the name of a header; there is no wildcard")
        return [name.lower() for name in value]

    @field_validator("cors_origins")
    @classmethod
    def _origins_as_browsers_send_them(cls, value: list[str]) -> list[str]:
        return [origin_of(origin) for origin in value]

    @model_validator(mode="after")
    def _doors_are_whole(self) -> Self:
        if (self.tls_cert_file is None) is not (self.tls_key_file is None):
            raise ValueError("TLS_CERT_FILE and TLS_KEY_FILE: set both, or none")
        if self.tls_client_ca_file is not None and self.tls_cert_file is None:
            raise ValueError("TLS_CLIENT_CA_FILE: needs TLS_CERT_FILE and TLS_KEY_FILE")
        if self.tls_client_ca_file is not None and self.proxy_protocol and self.tls_client_ports != "both":
            raise ValueError(
                "TLS_CLIENT_PORTS: must be both, as PROXY_PROTOCOL tells another port than was called"
            )
        if self.port == self.grpc_port:
            raise ValueError("GRPC_PORT: must not be the same as PORT")
        return self
