"""The payable price in SQL: what turns minor units into money, and which kinds of prices compare.

Belongs here: these two expressions. Does not: converting currencies (``warehouse.fx.rate_to``).
"""

from __future__ import annotations

from domain.money import unusual_exponents
from domain.price_kind import COMPARABLE_KINDS

# Minor units in one major unit of ``s.currency``, where ``s`` is ``core.listing_state``.
PER_MAJOR_UNIT = (
    "(case s.currency "
    + " ".join(f"when '{code}' then {10**digits}.0000" for code, digits in sorted(unusual_exponents().items()))
    + " else 100.0000 end)"
)

# The kinds of prices that compare, as a list of SQL literals.
COMPARABLE = ", ".join(f"'{kind}'" for kind in sorted(COMPARABLE_KINDS))
