"""The suites: what each layer must look like, as declarative lists that ``quality.run`` turns into GX suites.

Belongs here: expectations with their severity and the reason for them. Does not: Great Expectations itself, SQL.
Relational rules on stored tables are dbt tests; freshness and volume of a source are Python checks.
"""

from quality.suites.history import HISTORY_SUITE
from quality.suites.items import ITEMS_SUITE
from quality.suites.marts import mart_suite
from quality.suites.pages import PAGES_SUITE

__all__ = ["HISTORY_SUITE", "ITEMS_SUITE", "PAGES_SUITE", "mart_suite"]
