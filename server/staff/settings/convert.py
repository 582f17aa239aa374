"""Settings: to protobuf."""

from __future__ import annotations

from sanset.v1 import settings_pb2 as pb

from server.settings.text import DescribedSetting


def setting_to_wire(setting: DescribedSetting) -> pb.Setting:
    """A setting."""
    return pb.Setting(
        name=setting.name,
        value=setting.value,
        default_value=setting.default,
        description=setting.description,
        group=setting.group,
        secret=setting.is_secret,
        changed=setting.is_changed,
    )
