"""Composes the room of those who work for the shop."""

from __future__ import annotations

from functools import partial

from sanset.v1.audit_pb2_grpc import add_AuditServiceServicer_to_server
from sanset.v1.settings_pb2_grpc import add_SettingsServiceServicer_to_server
from sanset.v1.user_admin_pb2_grpc import add_UserAdminServiceServicer_to_server

from server.audit.chain import CHAIN_EVERY, Chaining
from server.auth.recovery.codes import RecoveryCodes
from server.core import Core
from server.jobs.runner import Job
from server.part import Part
from server.pricing.tiers import Tiers
from server.staff.audit.servicer import AuditServicer
from server.staff.servicer import ExportUsers, UserAdminServicer
from server.staff.settings.servicer import SettingsServicer


def build(core: Core, export_users: ExportUsers) -> Part:
    """UserAdminService, AuditService, SettingsService, and the chain of the audit log."""
    settings = core.settings
    servicer = UserAdminServicer(
        core.db,
        core.pages,
        core.clock,
        tiers=Tiers.of(settings),
        currency=settings.currency,
        export_users=export_users,
        codes=RecoveryCodes.of(settings),
    )
    audits = AuditServicer(core.db, core.pages)
    return Part(
        servicers=[
            partial(add_UserAdminServiceServicer_to_server, servicer),
            partial(add_AuditServiceServicer_to_server, audits),
            partial(add_SettingsServiceServicer_to_server, SettingsServicer(settings)),
        ],
        jobs=[Job("chain audit log", Chaining(core.work, core.clock).run, every=CHAIN_EVERY)],
    )
