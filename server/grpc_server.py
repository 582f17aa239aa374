"""The gRPC server of a worker: the interceptor around every call, health, reflection, and what the rooms add."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import grpc
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1.health import SERVICE_NAME as HEALTH
from grpc_health.v1.health import aio as health
from grpc_health.v1.health_pb2 import HealthCheckResponse

from server.audit.convert import audited_methods
from server.audit.draft import AuditDraft
from server.audit.events import OF_SUCCESSES
from server.audit.log import Actor
from server.contract import (
    METHODS,
    SERVICES,
    is_cacheable,
    is_export,
    is_immutable,
    is_report,
    is_search,
    native_path,
)
from server.core import Core
from server.events.follower import Follower
from server.events.topics import RoleAssigned, RoleChanged, ServiceAccountChanged, SessionEnded
from server.exports.personal_columns import personal_names
from server.logs import AccessLog
from server.part import Part
from server.rpc.access import Access
from server.rpc.arrivals import Arrivals
from server.rpc.detached import DetachedTasks
from server.rpc.interceptor import Interceptor
from server.rpc.leases import Leases
from server.rpc.limits import Limits
from server.rpc.methods import Methods
from server.rpc.recording import CallRecorder, RecorderOf
from server.rpc.reflection import add_reflection
from server.rpc.sizes import MAX_PIECE_BYTES
from server.rpc.telemetry import Telemetry
from server.rpc.validation import Validation
from server.settings import Settings

MAX_METADATA_BYTES: Final = 32 * 1024
MAX_UNREAD_CALLS: Final = 100_000
REQUESTS: Final = [GetMessageClass(method.input_type) for method in METHODS]


class GrpcServer:
    """Answers calls with the servicers of the parts; for use on a worker's event loop."""

    def __init__(
        self,
        server: grpc.aio.Server,
        methods: Methods,
        interceptor: Interceptor,
        detached: DetachedTasks,
        *,
        drain_seconds: float,
    ) -> None:
        self._server = server
        self._interceptor = interceptor
        self._detached = detached
        self._drain_seconds = drain_seconds
        self._health = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, methods.server)

    @classmethod
    def of(cls, core: Core, access: Access, parts: Iterable[Part]) -> GrpcServer:
        """As the settings say, with the servicers of `parts`."""
        settings = core.settings
        interceptor = _interceptor(core, access)
        methods = Methods(interceptor.wrap, interceptor.unknown)
        for part in parts:
            for add in part.servicers:
                add(methods.server)
        if settings.reflects:
            add_reflection(methods.server, [*(service.full_name for service in SERVICES), HEALTH])
        server = grpc.aio.server(handlers=[methods], options=_options(settings))
        return cls(server, methods, interceptor, core.detached, drain_seconds=settings.drain_seconds)

    def listen(self, address: str) -> int:
        """Bind an address before the start, and return its port."""
        return self._server.add_insecure_port(address)

    async def start(self) -> None:
        """Answer calls."""
        await self._server.start()

    async def set_health(self, status: HealthCheckResponse.ServingStatus.ValueType) -> None:
        """Report `status` for the server as a whole and for each service."""
        for name in ("", *(service.full_name for service in SERVICES)):
            await self._health.set(name, status)

    async def announce_end(self) -> None:
        """Send the balancers elsewhere, for good."""
        await self._health.enter_graceful_shutdown()

    async def end_calls(self) -> None:
        """Let the calls that run end, and what they left behind; refuse new ones with SERVER_STOPPING."""
        await self._interceptor.end_calls(self._drain_seconds)
        await self._detached.finish()

    async def close(self) -> None:
        """Close the ports."""
        await self._server.stop(None)


def compile_rules() -> None:
    """Compile the rules of every request, before the process is forked that all servers are to come from."""
    Validation(SERVICES).warm(REQUESTS)


def _interceptor(core: Core, access: Access) -> Interceptor:
    settings = core.settings
    validation = Validation(SERVICES)
    validation.warm(REQUESTS)
    leases = Leases(core.db.clock.seconds)
    _end_by_events(core.follower, leases)
    return Interceptor(
        arrivals=Arrivals(settings.max_wait_seconds),
        access=access,
        limits=_limits(core),
        validation=validation,
        telemetry=Telemetry(core.registry, AccessLog(settings.log_level)),
        leases=leases,
        pool=core.pool,
        edge_token=settings.edge_token.get_secret_value(),
        default_seconds=settings.default_deadline_seconds,
        stream_seconds=settings.stream_lifetime_seconds,
        downloads=[native_path(method) for method in METHODS if is_export(method)],
        cacheable=[native_path(method) for method in METHODS if is_cacheable(method)],
        languages=core.languages,
        recorder_of=_recorder_of(core),
        security=core.security,
        sensitive=OF_SUCCESSES,
    )


def _recorder_of(core: Core) -> RecorderOf:
    """Has every call that needs a permission leave an entry in the audit log."""
    audited = audited_methods(personal_names())

    def recorder_of(method: str) -> CallRecorder | None:
        described = audited.get(method)
        if described is None:
            return None
        return CallRecorder(
            lambda call, request: AuditDraft(
                described, request, Actor.of(call), core.clock, core.security.count
            ),
            core.db,
            core.pool,
        )

    return recorder_of


def _end_by_events(follower: Follower, leases: Leases) -> None:
    """Have streams end whose caller is signed out, or may do something else now."""
    follower.on(SessionEnded, lambda event: leases.end(event.session_id))
    follower.on(ServiceAccountChanged, lambda event: leases.end_of(lambda caller: caller.user_id == event.id))
    follower.on(RoleAssigned, lambda event: leases.end_of(lambda caller: caller.user_id == event.user_id))
    follower.on(RoleChanged, lambda event: leases.end_of(lambda caller: caller.role.name == event.name))


def _limits(core: Core) -> Limits:
    settings = core.settings
    return Limits(
        core.budgets,
        anonymous=settings.rate_limit,
        signed_in=settings.rate_limit_signed_in,
        searches=settings.rate_limit_search,
        streams_per_user=settings.max_streams_per_user,
        streams=settings.max_open_streams,
        report_methods=[native_path(method) for method in METHODS if is_report(method)],
        file_methods=[native_path(method) for method in METHODS if is_immutable(method)],
        search_methods=[native_path(method) for method in METHODS if is_search(method)],
    )


def _options(settings: Settings) -> Sequence[tuple[str, int]]:
    return (
        ("grpc.so_reuseport", 1),  # the supervisor holds the port meanwhile
        ("grpc.max_receive_message_length", max(settings.max_message_bytes, MAX_PIECE_BYTES)),
        ("grpc.max_metadata_size", MAX_METADATA_BYTES),
        ("grpc.absolute_max_metadata_size", MAX_METADATA_BYTES),
        # The gateway, the only caller, looks every two seconds whether we live.
        ("grpc.http2.min_ping_interval_without_data_ms", 500),
        ("grpc.http2.max_ping_strikes", 0),
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.max_concurrent_streams", 10_000),
        # What gRPC drops by itself it calls CANCELLED, as if the caller had hung up. So it must drop nothing: a
        # call waits until it is read, and is then served, or refused with a reason.
        ("grpc.server.max_pending_requests", MAX_UNREAD_CALLS),
        ("grpc.server.max_pending_requests_hard_limit", MAX_UNREAD_CALLS),
        ("grpc.server_max_unrequested_time_in_server", 3600),
    )
