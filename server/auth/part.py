"""Composes the room of signing in."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial

from sanset.v1.auth_pb2_grpc import add_AuthServiceServicer_to_server
from sanset.v1.identity_pb2_grpc import add_IdentityServiceServicer_to_server
from sanset.v1.passkey_pb2_grpc import add_PasskeyServiceServicer_to_server
from sanset.v1.second_factor_pb2_grpc import add_SecondFactorServiceServicer_to_server

from server.auth.convert import TokenWriter
from server.auth.devices import Devices
from server.auth.federated.providers import Providers
from server.auth.federated.service import FederatedSignIn
from server.auth.federated.servicer import IdentityServicer
from server.auth.passkeys.service import Passkeys
from server.auth.passkeys.servicer import PasskeyServicer
from server.auth.passkeys.site import site_of
from server.auth.passwords import Passwords
from server.auth.recovery.codes import RecoveryCodes
from server.auth.recovery.requests import ProofRequests
from server.auth.recovery.service import Recovery
from server.auth.refresh import RefreshPolicy
from server.auth.refreshes import Refreshes
from server.auth.second_factor.changes import SecondFactorChanges
from server.auth.second_factor.service import SecondFactors
from server.auth.second_factor.servicer import SecondFactorServicer
from server.auth.service import SignIn
from server.auth.servicer import AuthServicer
from server.auth.tokens import AccessTokens, TokenVerifier
from server.core import Core
from server.part import Part
from server.roles.table import RoleTable


@dataclass(frozen=True, kw_only=True)
class AuthPart(Part):
    """Signing in, and what proves who calls."""

    verifier: TokenVerifier
    passwords: Passwords
    providers: Providers
    recovery: Recovery
    second_factors: SecondFactors
    second_factor_changes: SecondFactorChanges


def build(core: Core, roles: RoleTable) -> AuthPart:
    """AuthService; the verifier knows what was taken from whom before the first call comes."""
    settings = core.settings
    verifier, passwords = TokenVerifier.of(settings, roles, core.db.clock.seconds), Passwords.of(settings)
    refresh, codes, devices = RefreshPolicy.of(settings), RecoveryCodes.of(settings), Devices.of(settings)
    factors = SecondFactors(core.vault, issuer=settings.jwt_issuer)
    limited = settings.rate_limit > 0
    changes = SecondFactorChanges(core.work, core.clock, factors, limit_addresses=limited)
    recovery = Recovery(core.work, core.clock, passwords, codes, devices, limit_addresses=limited)
    sign_in = SignIn(
        core.work,
        core.clock,
        passwords,
        refresh,
        devices,
        factors,
        limit_addresses=limited,
        require_verification=settings.require_email_verification,
    )
    tokens = TokenWriter(AccessTokens.of(settings), devices, core.clock)
    providers = Providers(settings.oidc_providers)
    federated = FederatedSignIn(
        core.work, core.clock, providers, factors, devices, refresh, limit_addresses=limited
    )
    passkeys = Passkeys(core.work, core.clock, site_of(settings), refresh, limit_addresses=limited)
    servicer = AuthServicer(
        core.db,
        core.work,
        core.pages,
        core.clock,
        sign_in,
        tokens,
        Refreshes(core.work, core.clock, refresh, core.budgets, limit_addresses=limited),
        recovery=recovery,
        requests=ProofRequests(codes, devices, limit_networks=limited),
    )

    async def start() -> None:
        await asyncio.to_thread(verifier.load, core.db)

    async def stop() -> None:
        passwords.close()

    return AuthPart(
        verifier=verifier,
        passwords=passwords,
        providers=providers,
        recovery=recovery,
        second_factors=factors,
        second_factor_changes=changes,
        servicers=[
            partial(add_AuthServiceServicer_to_server, servicer),
            partial(
                add_SecondFactorServiceServicer_to_server,
                SecondFactorServicer(core.db, core.work, core.clock, factors, changes, recovery),
            ),
            partial(
                add_IdentityServiceServicer_to_server,
                IdentityServicer(core.db, core.pages, core.clock, providers, federated, tokens),
            ),
            partial(
                add_PasskeyServiceServicer_to_server,
                PasskeyServicer(core.db, core.pages, core.clock, passkeys, tokens),
            ),
        ],
        listeners=[verifier.attach],
        start=start,
        stop=stop,
    )
