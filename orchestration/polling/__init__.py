"""The light code location: from raw pages to alerts. Imports neither dbt, Great Expectations nor torch.

Every poll is a fresh process that imports this package, so each second here is paid every five minutes.
"""

from __future__ import annotations

import warnings

from dagster import BetaWarning

# Backfill policies have been beta since 1.4 and are pinned by constraints.txt; the warning would open every run's log.
warnings.filterwarnings("ignore", category=BetaWarning)
