"""Following an order: every step once, in order, whatever happens on the way."""

from __future__ import annotations

import threading
import time

import grpc
import pytest
from cut_line import Line
from sanset.v1.tracking_pb2 import TrackOrderRequest
from sanset_client import Client, ClientClosed, NotFound, SansetError, Unavailable
from shop_double import Refusal, ShopDouble, end, event, heartbeat, reconnect, serve

AWAY = Refusal("UNAVAILABLE")


def steps(client: Client, after_sequence: int = 0) -> list[int]:
    """Follow order 9 to its end."""
    return [step.sequence for step in client.orders.track(9, after_sequence)]


def asked_after(shop: ShopDouble) -> list[int]:
    """Return what the streams were asked to begin after."""
    return [request.after_sequence for request in shop.requests("TrackOrder")]


def test_a_whole_stream_is_followed_to_its_end(shop: ShopDouble, client: Client) -> None:
    shop.streams.append([event(1), heartbeat(), event(2), event(3), end(3)])
    assert steps(client) == [1, 2, 3]
    assert shop.seen[-1].seconds_left is None or shop.seen[-1].seconds_left > 1e6


def test_following_begins_after_the_given_sequence(shop: ShopDouble, client: Client) -> None:
    shop.streams.append([event(3), end(3)])
    assert steps(client, after_sequence=2) == [3]
    assert asked_after(shop) == [2]


def test_following_continues_after_a_cut_an_error_and_a_reconnect(shop: ShopDouble, client: Client) -> None:
    shop.streams.extend(
        [
            [event(1)],
            [event(2), AWAY],
            [heartbeat(), Refusal("INTERNAL")],
            [event(3), reconnect(3)],
            [Refusal("RESOURCE_EXHAUSTED", "TOO_MANY_STREAMS", retry_after=0.05)],
            [event(4), end(4)],
        ]
    )
    assert steps(client) == [1, 2, 3, 4]
    assert asked_after(shop) == [0, 1, 2, 2, 3, 3]


def test_a_reconnect_message_cannot_make_it_skip_a_step(shop: ShopDouble, client: Client) -> None:
    shop.streams.extend([[event(1), reconnect(5)], [event(2), end(2)]])
    assert steps(client) == [1, 2]
    assert asked_after(shop) == [0, 1]


def test_steps_seen_before_are_dropped(shop: ShopDouble, client: Client) -> None:
    shop.streams.extend([[event(1), event(2), event(1), AWAY], [event(1), event(2), event(3), end(3)]])
    assert steps(client) == [1, 2, 3]


def test_a_step_left_out_is_asked_for_again(shop: ShopDouble, client: Client) -> None:
    shop.streams.extend([[event(1), event(3)], [event(2), end(3)], [event(3), end(3)]])
    assert steps(client) == [1, 2, 3]
    assert asked_after(shop) == [0, 1, 2]


def test_a_step_that_stays_left_out_is_an_error(shop: ShopDouble, client: Client) -> None:
    shop.streams.extend([[event(1), heartbeat(), event(3)]] * 9)
    track = client.orders.track(9)
    assert next(track).sequence == 1
    with pytest.raises(SansetError) as caught:
        next(track)
    assert caught.value.code is grpc.StatusCode.DATA_LOSS
    assert "between the steps 1 and 3" in caught.value.message
    assert len(asked_after(shop)) == 6


def test_a_token_that_expires_on_the_way_is_renewed(shop: ShopDouble, client: Client) -> None:
    shop.streams.extend(
        [
            [event(1), shop.revoke, Refusal("UNAUTHENTICATED", "TOKEN_INVALID")],
            [event(2), end(2)],
        ]
    )
    assert steps(client) == [1, 2]
    assert shop.tokens("TrackOrder") == ["access-1", "access-1", "access-3"]


def test_the_refusal_of_an_order_ends_it_at_once(shop: ShopDouble, client: Client) -> None:
    shop.refuse("TrackOrder", Refusal("NOT_FOUND", "ORDER_NOT_FOUND"))
    with pytest.raises(NotFound):
        steps(client)
    assert len(shop.requests("TrackOrder")) == 1


def test_a_fault_that_the_server_names_is_not_taken_for_a_cut(shop: ShopDouble, client: Client) -> None:
    shop.streams.append([event(1), Refusal("INTERNAL", "INTERNAL_ERROR")])
    with pytest.raises(SansetError, match="INTERNAL_ERROR"):
        steps(client)


def test_patience_ends_without_a_word_from_the_server(shop: ShopDouble, client: Client) -> None:
    shop.streams.append([event(1)])
    shop.streams.extend([[AWAY]] * 200)
    started = time.monotonic()
    with pytest.raises(Unavailable):
        list(client.orders.track(9, patience=0.5))
    assert 0.5 < time.monotonic() - started < 5


def test_leaving_the_loop_frees_the_stream(shop: ShopDouble, client: Client) -> None:
    hold = threading.Event()
    shop.streams.append([event(1), lambda: hold.wait(5), event(2)])
    for step in client.orders.track(9):
        assert step.sequence == 1
        break
    assert shop.stream_ended.wait(2)
    hold.set()


def test_closing_the_client_ends_the_following_of_an_order(shop: ShopDouble, address: str) -> None:
    hold = threading.Event()
    shop.streams.append([event(1), lambda: hold.wait(5)])
    client = Client(address)
    client.login("john@example.com", "secret-1")
    track = client.orders.track(9)
    assert next(track).sequence == 1
    threading.Timer(0.1, client.close).start()
    with pytest.raises(ClientClosed):
        next(track)
    hold.set()
    with pytest.raises(ClientClosed):
        client.catalog.get_product(product_id=1)


def test_a_raw_stream_is_opened_again_when_its_token_is_refused_at_once(
    shop: ShopDouble, client: Client
) -> None:
    shop.streams.append([event(1), AWAY])
    shop.revoke()
    stream = client.orders.TrackOrder(TrackOrderRequest(order_id=9))
    assert next(stream).event.sequence == 1
    with pytest.raises(Unavailable):
        next(stream)
    assert stream.code() is grpc.StatusCode.UNAVAILABLE


def test_following_survives_a_restart_of_the_server() -> None:
    shop = ShopDouble()
    server, address = serve(shop)
    hold = threading.Event()
    shop.streams.append([event(1), lambda: hold.wait(5)])
    shop.streams.append([event(2), end(2)])
    with Client(address) as client:
        client.login("john@example.com", "secret-1")
        track = client.orders.track(9)
        assert next(track).sequence == 1
        server.stop(None).wait()
        hold.set()
        server, _ = serve(shop, address)
        assert [step.sequence for step in track] == [2]
    server.stop(None).wait()


def test_a_cut_before_the_first_word_is_noticed(shop: ShopDouble, address: str) -> None:
    line = Line(address)
    shop.streams.append([line.cut])
    shop.streams.append([event(1), end(1)])
    with Client(line.address) as client:
        client.login("john@example.com", "secret-1")
        threading.Timer(2.5, line.mend).start()  # after the attempts of a retry policy
        assert steps(client) == [1]
    line.cut()
