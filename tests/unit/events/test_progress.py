"""What a follower has read, and what it still looks for."""

from __future__ import annotations

from server.db.database import Announcement
from server.events.progress import Progress


def events(*ids: int) -> list[Announcement]:
    return [Announcement(i, "product", str(i), None) for i in ids]


def test_events_without_a_gap_need_no_second_look() -> None:
    progress = Progress(4)
    assert progress.is_whole([])
    assert progress.is_whole(events(5, 6))
    progress.take(events(5, 6), settled=0, now=1.0)
    assert (progress.read_to, progress.missing) == (6, {})
    assert not progress.is_whole(events(8))


def test_an_id_that_may_still_come_is_looked_for_until_it_comes() -> None:
    progress = Progress(0)
    progress.take(events(1, 3, 6), settled=1, now=1.0)
    assert progress.missing == {2: 1.0, 4: 1.0, 5: 1.0}
    progress.take(events(4, 7), settled=1, now=2.0)
    assert (progress.read_to, progress.missing) == (7, {2: 1.0, 5: 1.0})


def test_an_id_that_is_settled_and_not_there_will_never_be() -> None:
    progress = Progress(0)
    progress.take(events(5), settled=2, now=1.0)
    assert list(progress.missing) == [3, 4]
    progress.take([], settled=3, now=2.0)
    assert list(progress.missing) == [4]
    progress.take(events(900_000_000), settled=899_999_999, now=3.0)  # a sequence that was set
    assert progress.missing == {}
