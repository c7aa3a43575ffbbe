"""A candidate with its verdicts: what judging hands on to records and messages."""

from __future__ import annotations

import msgspec

from domain.deal import Verdict
from domain.statistics import Candidate


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate with its verdicts; ``deal`` is the deciding one where it is a deal."""

    candidate: Candidate
    verdicts: tuple[Verdict, ...]
    deal: Verdict | None

    @property
    def dropped_since_told(self) -> bool:
        """True where its price fell since the last verdict: news, even of a listing from the first run."""
        before = self.candidate.judged_total_minor
        return before is not None and self.candidate.total_minor < before

    @property
    def is_reported(self) -> bool:
        """True where it belongs into a report instead of an alert of its own."""
        return self.candidate.is_initial and not self.dropped_since_told
