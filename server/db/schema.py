"""All tables at once: importing this module fills `metadata`. Migrations, imports and `verify` use it."""

from __future__ import annotations

from server.analytics import models as analytics
from server.analytics.activity import models as analytics_activity
from server.audit import models as audit
from server.auth import models as auth
from server.auth.federated import models as federated
from server.auth.passkeys import models as passkeys
from server.auth.recovery import models as recovery
from server.auth.second_factor import models as second_factor
from server.budgets import models as budgets
from server.cart import models as cart
from server.catalog import models as catalog
from server.db import compatibility, properties
from server.db.base import Base
from server.events import models as events
from server.imports import models as imports
from server.inventory import models as inventory
from server.jobs import models as jobs
from server.keys import models as keys
from server.mail import models as mail
from server.media import models as media
from server.order import models as order
from server.payment import models as payment
from server.promotion import models as promotion
from server.recommend.feedback import models as feedback
from server.recommend.registry import models as model_registry
from server.recommend.training import models as training
from server.refund import models as refund
from server.repeats import models as repeats
from server.review import models as review
from server.roles import models as roles
from server.search.analytics import models as search_analytics
from server.search.meaning import models as meaning
from server.search.suggest import models as suggested_queries
from server.search.synonyms import models as synonyms
from server.segment import models as segment
from server.service_accounts import models as service_accounts
from server.user import models as user
from server.webhooks import models as webhooks

metadata = Base.metadata

__all__ = [
    "analytics",
    "analytics_activity",
    "audit",
    "auth",
    "budgets",
    "cart",
    "catalog",
    "compatibility",
    "events",
    "federated",
    "feedback",
    "imports",
    "inventory",
    "jobs",
    "keys",
    "mail",
    "meaning",
    "media",
    "metadata",
    "model_registry",
    "order",
    "passkeys",
    "payment",
    "promotion",
    "properties",
    "recovery",
    "refund",
    "repeats",
    "review",
    "roles",
    "search_analytics",
    "second_factor",
    "segment",
    "service_accounts",
    "suggested_queries",
    "synonyms",
    "training",
    "user",
    "webhooks",
]
