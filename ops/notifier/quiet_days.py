"""Public holidays of a country, read in a process of its own: the library holds 12 MB once it knows every country."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date

#: Seconds that reading one year may take.
_TIMEOUT = 60


class UnknownCountry(Exception):
    """Name another country: the library has no holidays of this one."""


class QuietDays:
    """Whether a day is a public holiday of `country` (ISO 3166, two letters; empty: no day is). Used by one thread."""

    def __init__(self, country: str) -> None:
        self._country = country
        self._days: dict[int, frozenset[date]] = {}  #: by year, each read when it is first asked for

    def __call__(self, day: date) -> bool:
        """Raises UnknownCountry, and OSError or subprocess.SubprocessError where no process could tell."""
        if not self._country:
            return False
        if day.year not in self._days:
            self._days[day.year] = holidays_of(self._country, day.year)
        return day in self._days[day.year]


def holidays_of(country: str, year: int) -> frozenset[date]:
    """The public holidays of one year. Raises as QuietDays does."""
    command = [sys.executable, "-m", __name__, country, str(year)]
    answer = subprocess.run(command, stdout=subprocess.PIPE, timeout=_TIMEOUT, check=True)  # noqa: S603
    days = json.loads(answer.stdout)
    if days is None:
        raise UnknownCountry(country)
    return frozenset(date.fromisoformat(day) for day in days)


def main() -> None:
    """Write the days of the country and year on the command line as a JSON array; null: there is no such country."""
    import holidays

    country, year = sys.argv[1:]
    try:
        days = [day.isoformat() for day in holidays.country_holidays(country, years=int(year))]
    except NotImplementedError:
        days = None
    json.dump(days, sys.stdout)


if __name__ == "__main__":
    main()
