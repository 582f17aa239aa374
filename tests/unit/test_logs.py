"""Logs where they cannot be written."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

WRITER = """
import structlog
from server.logs import AccessLog, configure
configure("info")
structlog.get_logger().warning("lost")
AccessLog("info").write({"level": "info"})
"""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the device of a full disk is Linux's")
def test_a_full_disk_loses_lines_and_nothing_else() -> None:
    with open("/dev/full", "wb") as full:
        assert subprocess.run([sys.executable, "-c", WRITER], stderr=full, check=False).returncode == 0
