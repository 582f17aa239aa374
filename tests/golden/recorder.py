"""Records the story, told to the shop of today, as the golden conversation of a release.

`python tests/golden/recorder.py 0.2.0` writes `tests/golden/releases/0.2.0.json`. Two shops of different pasts are
asked: what they answer alike is promised, and the rest stands there as something that varies.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1]))

from golden.conversation import Call, Json, read, recorded, write
from golden.old_client import OldClient
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from support.running_shop import RunningShop, test_settings

from server.contract import SERVICES
from server.db import migrate

HERE: Final = Path(__file__).parent
STORY: Final = HERE / "story.json"
RELEASES: Final = HERE / "releases"
IMAGE: Final = HERE.parents[1] / "generated/sanset/sanset.binpb"


def record(home: Path) -> list[Call]:
    """Tell the story to two shops that live in `home`."""
    story = read(STORY)
    with _shop(home / "new") as shop:
        first = _told(story, shop)
    with _shop(home / "old") as shop:
        shop.order()
        second = _told(story, shop)
    return recorded(story, first, second)


def services(story: Iterable[Call]) -> set[str]:
    """The names of the services that a story visits."""
    return {call.method.partition(".")[0] for call in story}


@contextmanager
def _shop(home: Path) -> Iterator[RunningShop]:
    home.mkdir()
    url = f"sqlite:///{home}/shop.db"
    migrate.upgrade(url)
    shop = RunningShop(test_settings(url, home))
    try:
        yield shop
    finally:
        shop.stop()


def _told(story: list[Call], shop: RunningShop) -> list[dict[str, Json]]:
    image = FileDescriptorSet.FromString(IMAGE.read_bytes())
    return list(OldClient(image, shop.channel).play(story))


def main() -> None:
    """Write the golden conversation of the version that is named."""
    [version] = sys.argv[1:]
    left_out = {service.name for service in SERVICES} - services(read(STORY))
    if left_out:
        sys.exit(f"{STORY} calls nothing of {', '.join(sorted(left_out))}: a release promises every service")
    RELEASES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        write(RELEASES / f"{version}.json", record(Path(home)))


if __name__ == "__main__":
    main()
