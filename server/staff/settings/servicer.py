"""SettingsService: gRPC in and out."""

from __future__ import annotations

from sanset.v1 import settings_pb2 as pb
from sanset.v1 import settings_pb2_grpc

from server.rpc.call import Call
from server.settings import Settings
from server.staff.settings.convert import setting_to_wire


class SettingsServicer(settings_pb2_grpc.SettingsServiceServicer):
    """The settings of this server for staff. What an RPC promises is in the proto."""

    def __init__(self, settings: Settings) -> None:
        self._reply = pb.Settings(items=map(setting_to_wire, settings.described()))

    def GetSettings(self, request: pb.GetSettingsRequest, call: Call) -> pb.Settings:
        """No query: they are as they were at the start."""
        return self._reply
