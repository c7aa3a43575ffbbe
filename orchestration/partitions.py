"""All partition definitions, with the reason for each.

Source x day, in UTC: 20 sources over four years are 29,000 keys, well under the 100,000 that an asset bears; by hour
they would be 175,000 a year. Today's key is re-run many times a day. Watches are rows, not partitions.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple

import dagster as dg

from domain.settings import load_settings
from scrapers.registry import source_names

days = dg.DailyPartitionsDefinition(start_date=load_settings().first_day.isoformat(), end_offset=1, timezone="UTC")
sources = dg.StaticPartitionsDefinition(list(source_names()))
source_days = dg.MultiPartitionsDefinition({"date": days, "source": sources})


class SourceDay(NamedTuple):
    """One partition: a source and a UTC day."""

    source: str
    day: date

    @property
    def key(self) -> str:
        """The Dagster partition key, dimensions in alphabetical order."""
        return f"{self.day.isoformat()}|{self.source}"


def parse_key(key: str) -> SourceDay:
    """Read a partition key back.

    Raises:
        ValueError: when it is not ``YYYY-MM-DD|source``.
    """
    day, _, source = key.partition("|")
    return SourceDay(source, date.fromisoformat(day))


def in_day_order(keys: list[str]) -> list[SourceDay]:
    """Return partitions by source, then day: a source's history is read forwards."""
    return sorted(parse_key(key) for key in keys)


def sources_of(keys: list[str]) -> list[str]:
    """Return the sources of a set of partition keys, each once."""
    return [source for source, _ in groupby(in_day_order(keys), key=lambda part: part.source)]


class Rectangle(NamedTuple):
    """Partitions that are all of some sources on all days from one to another, both included."""

    sources: tuple[str, ...]
    first_day: date
    last_day: date


def rectangles(keys: list[str]) -> list[Rectangle]:
    """Return partition keys as few rectangles, by day: days that follow one another with the same sources are one."""
    by_day: dict[date, list[str]] = {}
    for part in in_day_order(keys):
        by_day.setdefault(part.day, []).append(part.source)
    found: list[Rectangle] = []
    for day in sorted(by_day):
        sources = tuple(dict.fromkeys(by_day[day]))
        if found and found[-1].sources == sources and found[-1].last_day + timedelta(days=1) == day:
            found[-1] = found[-1]._replace(last_day=day)
        else:
            found.append(Rectangle(sources, day, day))
    return found
