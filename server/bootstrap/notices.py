"""Notices at the terminal of a shop that starts: what it lacks, where it is, who may sign in."""

from __future__ import annotations

from rich.console import Console

from ml.models.boosting import missing_library
from server.bootstrap.console import warning
from server.bootstrap.demo_settings import DEMO_ADMIN
from server.process.envoy.web_pages import CONSOLE, INDEX
from server.settings import Settings


def warn_of_gaps(settings: Settings) -> None:
    """Say what the shop lacks, and can be served without."""
    if missing := missing_library():
        warning(f"{missing}.")
    if settings.environment != "production":
        return
    texts = []
    if not settings.smtp_host:
        texts.append(
            f"SMTP_HOST is not set: mails are written to {settings.data_dir / 'mail'}, and sent to nobody."
        )
    if not settings.public_url:
        texts.append(
            f"PUBLIC_URL is not set: links in mails lead to {settings.link_base}, which is no address of others."
        )
    if settings.payment_gateway == "stripe" and "_test_" in settings.stripe_secret_key.get_secret_value():
        texts.append("STRIPE_SECRET_KEY is one for tests: anyone buys with a test card, and no money moves.")
    for text in texts:
        warning(text)


def announce(settings: Settings) -> None:
    """Say where the shop is, who may sign in, and a first call."""
    from server.demo.people import DEMO_LOGINS

    out = Console(highlight=False, soft_wrap=True)
    ready = f"Sanset is ready: {settings.local_url} (JSON) · localhost:{settings.grpc_port} (gRPC)"
    out.print(ready, style="bold green")
    if settings.pages_dir is not None:
        named_paths = {"/": "storefront", f"/{CONSOLE}": "console", "/docs": "the API"}
        if not (settings.pages_dir / CONSOLE / INDEX).is_file():
            del named_paths[f"/{CONSOLE}"]
        out.print(
            "  " + " · ".join(f"{settings.local_url}{path} ({name})" for path, name in named_paths.items())
        )
    logins = [(login.email, login.password, login.role.lower()) for login in DEMO_LOGINS]
    if settings.first_superuser_email == DEMO_ADMIN[0]:
        logins.append((*DEMO_ADMIN, "admin"))
    for email, password, role in logins:
        out.print(f"  {email} / {password}  ({role})")
    out.print(f"  curl '{settings.local_url}/api/v1/products?page_size=3'")
    out.print("  Ctrl-C stops it.")
