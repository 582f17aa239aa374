"""The tokens of a user whose calls come from many threads."""

from __future__ import annotations

from concurrent.futures import Future

from sanset_client.errors import not_renewed_in_time
from sanset_client.session import Grant, Session


class ThreadSession(Session):
    """Renews on the first thread that needs it, whatever that thread's own deadline."""

    _renewal: Future[None] | None = None

    async def _renew(self, grant: Grant, seconds: float, *, early: bool) -> None:
        with self._lock:
            if self._grant is not grant:
                return
            renewal, mine = self._renewal, self._renewal is None
            if renewal is None:
                renewal = self._renewal = Future()
        if mine:
            # Runs to its own timeout, not the caller's: cut short it could lose the only copy of the new
            # refresh token, which would end the session.
            await self._complete(renewal, grant, early=early)
        try:
            renewal.result(None if mine else seconds)
        except TimeoutError:
            if renewal.done():
                raise
            raise not_renewed_in_time() from None

    async def _complete(self, renewal: Future[None], grant: Grant, *, early: bool) -> None:
        try:
            await self._exchange(grant, early=early)
        except BaseException as error:
            self._renewal = None
            renewal.set_exception(error)  # the renewing thread raises it too, by result()
        else:
            self._renewal = None
            renewal.set_result(None)
