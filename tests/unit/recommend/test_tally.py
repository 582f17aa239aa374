"""What one person, and one address, can add to a product."""

from __future__ import annotations

from server.recommend.serving.trending import tally
from server.recommend.serving.trending.journal import Interaction, Journal
from server.recommend.serving.trending.tally import Tally


def _added(*interactions: Interaction, country: str = "") -> dict[int, int]:
    counted = Tally()
    for interaction in interactions:
        counted.add(interaction, country)
    return dict(counted.added)


def test_a_person_counts_once_per_product_for_the_most_they_did() -> None:
    interactions = [Interaction(1, worth, "7", "", None) for worth in (4, 12, 4, 12)]
    assert _added(*interactions, Interaction(2, 4, "7", "", None)) == {1: 12, 2: 4}


def test_three_visitors_of_one_address_count_and_no_more() -> None:
    flood = [Interaction(1, 4, f"v:{number}", "home", None) for number in range(1000)]
    assert _added(*flood) == {1: 12}
    assert _added(*flood, *(Interaction(1, 4, f"v:other{i}", f"address{i}", None) for i in range(5))) == {
        1: 32
    }


def test_who_is_signed_in_counts_whatever_the_address() -> None:
    assert _added(*(Interaction(1, 4, str(user_id), "", None) for user_id in range(5))) == {1: 20}


def test_new_accounts_of_one_address_count_as_five_views_whatever_they_do() -> None:
    flood = [Interaction(1, 12, str(user_id), "home", None) for user_id in range(30)]
    assert _added(*flood) == {1: 20}
    assert _added(*flood, *(Interaction(1, 4, f"v:{number}", "home", None) for number in range(30))) == {
        1: 32
    }


def test_what_is_worth_nothing_is_left_out() -> None:
    assert _added(Interaction(1, 0, "7", "", None)) == {}


def test_a_tally_says_when_it_has_grown_too_large() -> None:
    counted = Tally()
    for actor in range(tally.MAX_ENTRIES + 1):
        assert not counted.is_full
        counted.add(Interaction(1, 4, str(actor), "", None), "")
    assert counted.is_full


def test_a_journal_tells_what_came_after_and_when_it_does_not_reach_back() -> None:
    journal = Journal(size=3)
    interactions = [Interaction(i, 4, "7", "", None) for i in range(4)]
    journal.add(interactions)
    assert journal.position == 4
    assert journal.since(4) == []
    assert journal.since(2) == interactions[2:]
    assert journal.since(1) == interactions[1:]
    assert journal.since(0) is None
