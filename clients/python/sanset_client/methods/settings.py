"""Tells how the shop is set up.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from sanset.v1 import settings_pb2

from sanset_client.rpc import Metadata, Prepared, Unary, prepare


def get_settings(
    *,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists every setting, with the value that it has.

    The values are those of the server that answers, with which it was started: another replica may have others. Secrets,
    and passwords in URLs, are never shown, to nobody. Who reads them leaves an entry of the audit log.
    """
    return prepare(
        settings_pb2.GetSettingsRequest,
        timeout,
        metadata,
    )


class SettingsMethods:
    """Tells how the shop is set up."""

    get_settings = Unary("GetSettings", get_settings, settings_pb2.Settings)
