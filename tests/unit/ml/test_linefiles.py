"""Files of lines `user item item …`: what is read, what is refused, and the whole protocol on a small pair."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from small_shop import make_dataset, quiet

from ml.artifacts.schema import Contents
from ml.benchmarks.published import measure_files
from ml.benchmarks.single_models import SingleModels
from ml.data.line_files import dataset_of, read_lines
from ml.data.split import hold_out_at_random
from ml.data.textfile import UnreadableFile


def test_lines_of_a_user_are_joined_and_items_counted_once(tmp_path: Path):
    path = tmp_path / "lines.txt"
    path.write_text("0 3 1 3\n\n7\n0 2\n")
    assert read_lines(path) == {0: [3, 1, 2], 7: []}
    packed = tmp_path / "lines.txt.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert read_lines(packed) == read_lines(path)


@pytest.mark.parametrize("line", ["1 x", "1 -2", "1 2.5", "1 99999999999999999999"])
def test_a_line_that_is_none_is_named(tmp_path: Path, line: str):
    path = tmp_path / "lines.txt"
    path.write_text(f"1 2\n{line}\n")
    with pytest.raises(UnreadableFile, match="line 2"):
        read_lines(path)


def test_a_missing_or_damaged_file_is_named(tmp_path: Path):
    with pytest.raises(UnreadableFile, match=r"none\.txt: no such file"):
        read_lines(tmp_path / "none.txt")
    damaged = tmp_path / "half.gz"
    damaged.write_bytes(gzip.compress(b"1 2 3\n" * 10_000)[:60])
    with pytest.raises(UnreadableFile, match="cannot be read to its end"):
        read_lines(damaged)


def test_items_of_the_other_file_are_on_sale_too():
    dataset = dataset_of({0: [0, 1]}, {0: [5]})
    assert dataset.products.ids.tolist() == [1, 2, 6]
    assert dataset.interactions.user_ids.tolist() == [1, 1]


def test_a_random_part_of_some_users_is_held_out():
    dataset = make_dataset()
    split = hold_out_at_random(dataset, users=10, share=0.25)
    lines = split.training.interactions
    assert len(split.baskets) == 10
    for user, basket in split.baskets.items():
        kept = set(lines.product_ids[lines.user_ids == user].tolist())
        assert basket
        assert not basket & kept
        assert len(basket) == int(0.25 * len(basket | kept))


def test_the_blend_beats_popularity_on_files(tmp_path: Path):
    lines = make_dataset().interactions
    for name, kept in (("train", lines.order_ids % 100 < 4), ("test", lines.order_ids % 100 == 4)):
        part = lines.where(kept)
        users = [
            " ".join(map(str, [user, *part.product_ids[part.user_ids == user].tolist()]))
            for user in sorted(set(part.user_ids.tolist()))
        ]
        (tmp_path / name).write_text("\n".join(users))
    found = measure_files(tmp_path / "train", tmp_path / "test", k=10, progress=quiet)
    rows = {row.name: row for row in found.models}
    assert rows["blend"].recall > rows["popularity"].recall
    assert found.as_json()["models"][-1]["name"] == "blend"
    assert {"recall@10", "ndcg@10", "fit_s"} <= found.as_json()["models"][0].keys()
    assert rows["als"].fit_seconds < rows["blend"].fit_seconds
    assert rows.keys() == {"popularity", "walk", "ease", "bm25", "cosine", "als", "blend"}


def test_many_users_are_ranked_for_at_once_as_each_alone(contents: Contents):
    dataset = make_dataset()
    lines = dataset.interactions
    own = SingleModels.of(dataset, [*range(30), 500], k=10)
    neighbours = own.train(["cosine"])["cosine"]
    model = contents.arrays
    by_neighbours, by_factors = own.lists_by_neighbours(neighbours), own.lists_by_factors(model)
    assert by_neighbours[30] == by_factors[30] == [], "nothing is known of user 500"
    for user in range(30):
        mine = np.isin(dataset.products.ids, lines.product_ids[lines.user_ids == user + 1])
        sums = np.where(mine, -1, mine.astype(np.float32) @ neighbours.toarray())
        likings = np.where(mine, -np.inf, model["als_item_factors"] @ model["als_user_factors"][user])
        assert len(by_neighbours[user]) == min(10, int((sums > 0).sum()))
        assert len(by_factors[user]) == 10
        for found, scores in ((by_neighbours[user], sums), (by_factors[user], likings)):
            expected = np.sort(scores)[::-1][: len(found)]
            np.testing.assert_allclose(scores[np.array(found) - 1], expected, rtol=1e-5)
