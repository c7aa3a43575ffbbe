"""What makes two addresses the same photo's: SQL that leaves out how an address is signed.

Vinted signs the addresses of its photos anew every day; asked for by address alone, each photo would be fetched again
with each new price.
"""

from __future__ import annotations

# Signatures and the times they end; `s` is Vinted's.
SIGNED = "[?&](s|sig|signature|hmac|token|expires|exp|x-amz-[a-z-]+)=[^&#]*"


def photo_key(address: str) -> str:
    """Return the SQL of the key in ``ml.photos.url_sha256`` of the address that an SQL expression gives."""
    return f"sha256(convert_to(regexp_replace({address}, '{SIGNED}', '', 'gi'), 'UTF8'))"
