"""Which known listings a page shows without a price: an older page that comes later tells what they cost.

Revision: 0015, after 0014. Frozen: later changes are revisions of their own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# They stand behind the listings with a price, of which there are no more than records.
_SHOWN_WITHOUT = """
update ops.page_readings
set unpriced_ids = listing_ids[records - quarantined - unpriced + 1 :]
where unpriced > 0
"""


def upgrade() -> None:
    op.add_column(
        "page_readings",
        sa.Column("unpriced_ids", ARRAY(sa.BigInteger()), nullable=False, server_default="{}"),
        schema="ops",
    )
    op.execute(_SHOWN_WITHOUT)


def downgrade() -> None:
    op.drop_column("page_readings", "unpriced_ids", schema="ops")
