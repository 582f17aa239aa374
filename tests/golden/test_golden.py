"""Programs built against an earlier release are answered as they were: the golden conversations are held again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from golden import recorder
from golden.conversation import VARIES, Call, differences, read, write
from golden.old_client import OldClient
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from support.running_shop import RunningShop, test_settings

from server.contract import SERVICES

PROJECT = Path(__file__).parents[2]
RELEASES = sorted(path.stem for path in recorder.RELEASES.glob("*.json"))
TODAY = "today"
"""Before the first release the story is recorded by the test: the shop keeps its promises to itself."""


@pytest.fixture(scope="session")
def recorded_today(tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    """The story of today, as two shops told it."""
    return recorder.record(tmp_path_factory.mktemp("golden"))


@pytest.fixture(params=RELEASES or [TODAY])
def release(request: pytest.FixtureRequest) -> tuple[FileDescriptorSet, list[Call]]:
    """A release: its image and its golden conversation."""
    if request.param == TODAY:
        return _image(recorder.IMAGE), request.getfixturevalue("recorded_today")
    image = _image(PROJECT / "proto/releases" / f"{request.param}.binpb")
    return image, read(recorder.RELEASES / f"{request.param}.json")


def _image(path: Path) -> FileDescriptorSet:
    return FileDescriptorSet.FromString(path.read_bytes())


def test_an_old_client_is_answered_as_it_was(
    release: tuple[FileDescriptorSet, list[Call]], database_url: str, tmp_path: Path
) -> None:
    image, golden = release
    shop = RunningShop(test_settings(database_url, tmp_path))
    shop.order()  # ids are others than in the recorded shops
    answers = OldClient(image, shop.channel).play(golden)
    broken = [
        f"{call.method} {difference}"
        for call, answer in zip(golden, answers, strict=True)
        for difference in differences(call.answer, answer)
    ]
    shop.stop()
    assert not broken


def test_the_story_goes_as_it_is_meant(recorded_today: list[Call]) -> None:
    for call in recorded_today:
        error = call.answer.get("error", {"details": []})
        reasons = [
            detail["reason"] for detail in error["details"] if detail["type"] == "google.rpc.ErrorInfo"
        ]
        assert reasons == ([call.refused] if call.refused else []), call


def test_no_release_is_recorded_while_the_story_leaves_a_service_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    story = [call for call in read(recorder.STORY) if not call.method.startswith("CartService.")]
    monkeypatch.setattr(recorder, "STORY", tmp_path / "story.json")
    monkeypatch.setattr("sys.argv", ["recorder.py", "1.2.3"])
    write(recorder.STORY, story)
    with pytest.raises(SystemExit, match=r"calls nothing of .*CartService"):
        recorder.main()


def test_the_story_promises_more_than_it_leaves_open(recorded_today: list[Call]) -> None:
    assert recorder.services(recorded_today) <= {service.name for service in SERVICES}
    values = [value for call in recorded_today for value in _values(call.answer)]
    assert values.count(VARIES) < len(values) / 3


def _values(value: object) -> list[object]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return [value] if inner is None else [one for part in inner for one in _values(part)]


def test_a_conversation_survives_its_file(recorded_today: list[Call], tmp_path: Path) -> None:
    write(tmp_path / "kept.json", recorded_today)
    assert read(tmp_path / "kept.json") == recorded_today


def test_an_answer_that_changed_is_seen() -> None:
    golden = {"reply": {"id": VARIES, "items": [{"name": "Cup"}], "stock": 3}}
    assert not differences(golden, {"reply": {"id": "7", "items": [{"name": "Cup"}], "stock": 3}})
    assert differences(golden, {"reply": {"id": "7", "items": [{"name": "Mug"}]}}) == [
        "reply.items[0].name: 'Cup' became 'Mug'",
        "reply.stock: 3 became None",
    ]
    assert differences(golden, {"error": {"code": "NOT_FOUND"}})


def test_the_image_decides_what_an_old_client_sees(recorded_today: list[Call], shop: RunningShop) -> None:
    image = _image(recorder.IMAGE)
    (file,) = (file for file in image.file if file.name == "sanset/v1/auth.proto")
    (tokens,) = (message for message in file.message_type if message.name == "Tokens")
    (kind,) = (field for field in tokens.field if field.name == "token_type")
    kind.number = 999  # a client for whom the field has another number does not get it
    login = replace(recorded_today[0], name="")
    [answer] = OldClient(image, shop.channel).play([login])
    assert differences(login.answer, answer) == ["reply.token_type: 'bearer' became None"]
