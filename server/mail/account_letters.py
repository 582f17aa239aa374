"""The mails about an account: what each says, in the language of the call that it tells of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from server.auth.recovery.notices import DueNotice, NoticeKind
from server.auth.recovery.proofs import CODE_LIFETIME, LINK_LIFETIME
from server.mail.letters import Letter, letter
from server.text.languages import Sentence, first_available


@dataclass(frozen=True, slots=True)
class _Wording:
    """A mail's subject, and what stands before and after its link or code."""

    subject: str
    before: str
    after: str


_GREETING: Final = "Hello {name},"
_GREETING_OF_NOBODY: Final = "Hello,"

_TEXTS: Final = {
    NoticeKind.VERIFY_EMAIL: _Wording(
        "Confirm your e-mail address",
        "Welcome! Please confirm within {hours} hours that this e-mail address is yours:",
        "If you did not register, do nothing.",
    ),
    NoticeKind.CONFIRM_EMAIL: _Wording(
        "Confirm your new e-mail address",
        "Please confirm within {hours} hours that this is the new e-mail address of your account:",
        "If you did not ask for it, do nothing.",
    ),
    NoticeKind.RESET_CODE: _Wording(
        "Your code for a new password",
        "With this code you can choose a new password within {minutes} minutes:",
        "If you did not ask for it, do nothing: your password stays as it is. Never tell anybody the code.",
    ),
    NoticeKind.ADDRESS_TAKEN: _Wording(
        "Your e-mail address is in use",
        "Somebody wanted to use this e-mail address for another account. It is the one of yours, so nothing was "
        "changed.",
        "If that was you, sign in with this address; if you forgot the password, ask for a code there.",
    ),
    NoticeKind.EMAIL_VERIFIED: _Wording(
        "Your e-mail address is confirmed", "Thank you: your e-mail address is confirmed.", ""
    ),
    NoticeKind.EMAIL_CHANGE: _Wording(
        "Your e-mail address is to be changed",
        "You asked for another e-mail address of your account: {address}. It is changed once it was confirmed.",
        "If it was not you, change your password now: that stops it.",
    ),
    NoticeKind.EMAIL_CHANGED: _Wording(
        "Your e-mail address was changed",
        "The e-mail address of your account is {address} now, and your other devices were signed out.",
        "If it was not you, answer this mail at once.",
    ),
    NoticeKind.IDENTITY_LINKED: _Wording(
        "Another way to sign in to your account",
        "Your account can be signed in to at {provider} now.",
        "If it was not you, ask for a code for a new password at once, where you sign in, and unlink it.",
    ),
    NoticeKind.IDENTITY_REMOVED: _Wording(
        "A way to sign in to your account was removed",
        "Your account cannot be signed in to at {provider} any more.",
        "If it was not you, ask for a code for a new password at once, where you sign in.",
    ),
    NoticeKind.FACTOR_RESET: _Wording(
        "The second factor of your account was removed",
        "The second factor of your account was removed by the shop, and your devices were signed out. The "
        "password is enough to sign in now.",
        "If you did not ask for it, change your password now, and answer this mail at once.",
    ),
    NoticeKind.PASSKEY_ADDED: _Wording(
        "A passkey of your account",
        "A passkey was registered, which signs in to your account from now on.",
        "If it was not you, ask for a code for a new password at once, where you sign in, and delete the passkey.",
    ),
    NoticeKind.PASSKEY_REMOVED: _Wording(
        "A passkey of your account was deleted",
        "A passkey was deleted, and does not sign in to your account any more.",
        "If it was not you, ask for a code for a new password at once, where you sign in.",
    ),
    NoticeKind.PASSWORD_CHANGED: _Wording(
        "Your password was changed",
        "The password of your account was changed, and your other devices were signed out.",
        "If it was not you, ask for a code for a new password at once, where you sign in.",
    ),
    NoticeKind.ACCOUNT_DELETED: _Wording(
        "Your account was deleted",
        "Your account was deleted, as you asked for. What we know of you is erased within minutes. Orders that "
        "you have paid still reach you, without further mails; what we know for them is erased when they have.",
        "If it was not you, answer this mail at once.",
    ),
}

SENTENCES: Final = frozenset(
    {_GREETING, _GREETING_OF_NOBODY}
    | {part for text in _TEXTS.values() for part in (text.subject, text.before, text.after) if part}
)
"""All that these mails say."""


def about_account(due: DueNotice, *, link_base: str, default_language: str) -> Letter:
    """A mail about an account; `link_base` is what its link begins with.

    It is in the shop's `default_language` where the call asked for none that there is.
    """
    notice, text = due.notice, _TEXTS[due.notice.kind]
    language = first_available(notice.language, default_language)
    facts: Mapping[str, object] = {
        "hours": round(LINK_LIFETIME / timedelta(hours=1)),
        "minutes": round(CODE_LIFETIME / timedelta(minutes=1)),
        **notice.facts,
    }

    def said(template: str, **more: object) -> str:
        return Sentence(template, {**facts, **more}).said_in(language)

    is_code = notice.kind is NoticeKind.RESET_CODE
    return letter(
        "account",
        Sentence(text.subject, facts),
        {
            "greeting": said(_GREETING, name=notice.full_name)
            if notice.full_name
            else said(_GREETING_OF_NOBODY),
            "before": said(text.before),
            "code": due.secret if is_code else "",
            "link": f"{link_base}/api/v1/auth/verify-email/{due.secret}"
            if due.secret and not is_code
            else "",
            "after": said(text.after) if text.after else "",
        },
        language,
    )
