"""Composes the room of the payments."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from sanset.v1.payment_pb2_grpc import add_PaymentServiceServicer_to_server

from server.core import Core
from server.part import Part
from server.payment.demo import DemoGateway
from server.payment.gateway import Gateways
from server.payment.servicer import PaymentServicer, ReadPayment, TakeReport
from server.payment.setup import Payments


@dataclass(frozen=True, kw_only=True)
class PaymentPart(Part):
    """Payments, and the gateways that take them. Without a `demo` gateway, real money moves."""

    gateways: Gateways
    demo: DemoGateway | None


def build(core: Core, payments: Payments, read_payment: ReadPayment, take_report: TakeReport) -> PaymentPart:
    """PaymentService; what the demo gateway reports goes where the webhooks of a real one do."""
    servicer = PaymentServicer(
        core.db,
        core.pages,
        core.clock,
        read_payment=read_payment,
        take_report=take_report,
        gift_card_codes=payments.codes,
        vault=core.vault,
        currency=core.settings.currency,
    )
    if payments.demo is not None:
        payments.demo.tell = take_report
    return PaymentPart(
        gateways=payments.gateways,
        demo=payments.demo,
        servicers=[partial(add_PaymentServiceServicer_to_server, servicer)],
        stop=payments.stop,
    )
