"""Who is logged in. Sessions are in this process's memory: they end with it, and a log-out ends one at once."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ops.console.users import Role, User, UserDirectory

V = TypeVar("V")

#: Sessions at once; where there are more, the one that was used longest ago ends.
MOST_SESSIONS = 200
#: Searches that a session remembers: what was typed may be a phone number, which belongs in no address.
MOST_SEARCHES = 50
#: Tried rules whose outcome a session remembers.
MOST_TRIALS = 10
#: Pages of one session whose personal data is shown at once.
MOST_REVEALS = 100


@dataclass(slots=True)
class Session:
    """One login."""

    user: User
    csrf_token: str
    started: float  #: seconds of the process's own clock
    last_used: float
    searches: OrderedDict[str, Mapping[str, str]] = field(default_factory=OrderedDict)
    trials: OrderedDict[str, Mapping[str, Any]] = field(default_factory=OrderedDict)
    reveals: OrderedDict[str, float] = field(default_factory=OrderedDict)  #: by page: until when

    @property
    def role(self) -> Role:
        """viewer or operator."""
        return self.user.role

    @property
    def may_change(self) -> bool:
        """Whether the user may reveal personal data and change something."""
        return self.user.role == "operator"

    def remember_search(self, criteria: Mapping[str, str]) -> str:
        """The key under which `criteria` are found again."""
        return _remember(self.searches, dict(criteria), MOST_SEARCHES)

    def remember_trial(self, outcome: Mapping[str, Any]) -> str:
        """The key under which what some rules would do is found again."""
        return _remember(self.trials, dict(outcome), MOST_TRIALS)


class Sessions:
    """All logins. Used by any number of threads."""

    def __init__(
        self,
        users: UserDirectory,
        *,
        idle_seconds: float,
        longest_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.users = users
        self._idle = idle_seconds
        self._longest = longest_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._sessions: OrderedDict[str, Session] = OrderedDict()  #: by the digest of its token, the last used last

    def start(self, user: User) -> str:
        """The token of a new session, which only the cookie holds."""
        token, now = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            self._sessions[_digest(token)] = Session(user, secrets.token_urlsafe(32), now, now)
            while len(self._sessions) > MOST_SESSIONS:
                self._sessions.popitem(last=False)
        return token

    def find(self, token: str, *, is_use: bool = True) -> Session | None:
        """The session of `token`, unless it has expired or its user has another password or is gone.

        `is_use`: somebody does something; without that it expires.
        Raises UsersFileUnusable.
        """
        digest, now = _digest(token), self._clock()
        with self._lock:
            session = self._sessions.get(digest)
        if session is None:
            return None
        user = self.users.find(session.user.name)
        is_over = now - session.last_used > self._idle or now - session.started > self._longest
        if is_over or user is None or user.password_hash != session.user.password_hash:
            self.end(token)
            return None
        session.user = user
        if is_use:
            session.last_used = now
            with self._lock:
                if digest in self._sessions:
                    self._sessions.move_to_end(digest)
        return session

    def end(self, token: str) -> None:
        """Log out: whoever has the token has nothing any more."""
        with self._lock:
            self._sessions.pop(_digest(token), None)

    def reveal(self, session: Session, page: str, seconds: float) -> None:
        """Have `page` show personal data to `session` for a while."""
        with self._lock:
            session.reveals[page] = self._clock() + seconds
            session.reveals.move_to_end(page)
            while len(session.reveals) > MOST_REVEALS:
                session.reveals.popitem(last=False)

    def is_revealed(self, session: Session, page: str) -> bool:
        """Whether `page` shows personal data to `session`."""
        with self._lock:
            return session.may_change and session.reveals.get(page, 0.0) > self._clock()


def _remember(found: OrderedDict[str, Mapping[str, V]], value: Mapping[str, V], most: int) -> str:
    key = secrets.token_urlsafe(6)
    found[key] = value
    while len(found) > most:
        found.popitem(last=False)
    return key


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
