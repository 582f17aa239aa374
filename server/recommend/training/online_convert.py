"""Online measures and experiments as messages."""

from __future__ import annotations

from collections.abc import Mapping

from google.type.money_pb2 import Money
from sanset.v1 import model_metrics_pb2, model_pb2

from server.recommend.feedback.online import Online, Position
from server.recommend.registry.experiments import Trial
from server.rpc.wire import money_to_wire, time_to_wire


def online_to_wire(online: Online) -> model_metrics_pb2.OnlineMetrics:
    """What the lists of a model achieved."""
    return model_metrics_pb2.OnlineMetrics(
        start_time=time_to_wire(online.since),
        list_count=online.lists,
        impression_count=online.impressions,
        click_count=online.clicks,
        cart_addition_count=online.cart_additions,
        purchase_count=online.purchases,
        click_through_rate=online.click_through_rate,
        conversion_rate=online.conversion_rate,
        revenue=_revenue(online.revenue),
        positions=[_position(number, online.positions[number]) for number in sorted(online.positions)],
    )


def experiment_to_wire(trial: Trial, measured: Mapping[str, Online] | None = None) -> model_pb2.Experiment:
    """An experiment; with what its models achieved, by version, where that was measured."""
    message = model_pb2.Experiment(
        id=trial.id,
        status=model_pb2.Experiment.Status.Value(trial.state),
        control_model_id=trial.control_model_id,
        challenger_model_id=trial.challenger_model_id,
        challenger_percent=trial.percent,
        create_time=time_to_wire(trial.started_at),
        end_time=time_to_wire(trial.ended_at),
    )
    if measured is not None:
        message.control.CopyFrom(online_to_wire(measured[trial.control_version]))
        message.challenger.CopyFrom(online_to_wire(measured[trial.challenger_version]))
    return message


def _position(number: int, position: Position) -> model_metrics_pb2.OnlineMetrics.Position:
    return model_metrics_pb2.OnlineMetrics.Position(
        position=number,
        impression_count=position.impressions,
        click_count=position.clicks,
        purchase_count=position.purchases,
        revenue=_revenue(position.revenue),
    )


def _revenue(by_currency: Mapping[str, int]) -> list[Money]:
    return [money_to_wire(amount, currency) for currency, amount in sorted(by_currency.items())]
