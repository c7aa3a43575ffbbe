"""The demo's watches: eight narrow searches on four country sites, as a user would paste them from the address bar."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import urlencode

from sandbox.demo_watch import DemoWatch
from sandbox.locales import COUNTRIES

# What a careful buyer types once and gives every watch, in the languages whose sellers the site shows. It does not know
# every wording of the market's traps, as nobody's does.
_CAREFUL = (
    "/for parts|spares|faulty|broken|not working|damaged/",
    "/pour pieces|en panne|abime|casse|troue/",
    r"/defekte?|bastler|ersatzteil\w*|beschadigt|kaputt/",
    r"/ricambi\w*|guast[ao]|non funzionante|rovinat[ao]/",
    r"/defect|kapotte?|onderdelen|beschadigd/",
    r"/na czesci|uszkodzon\w*|niesprawn\w*/",
    "/para piezas|no funciona|averiad[ao]/",
    "/replica|replika|replique|imitazione|namaak|podrobka|fake/",
    "/empty box|box only|boite vide|leere ovp|leerkarton|lege doos|scatola vuota|puste pudełko/",
)
# name, search text, country, family, more blacklist, limit
_WATCHES = (
    ("Levi's 501", "levi's 501", "fr", "levis-501", ("lot de", "bundle"), None),
    ("Patagonia Synchilla", "patagonia synchilla", "de", "patagonia-synchilla", (), None),
    ("Nike Air Max 90", "nike air max 90", "it", "nike-air-max-90", ("/lacci|laces|lacets/",), None),
    ("RTX 3090 under 450", "rtx 3090", "nl", "rtx-3090", (r"/waterblo\w+/",), Decimal(450)),
    ("Sony WH-1000XM4", "sony wh-1000xm4", "co.uk", "sony-wh-1000xm4", ("/ear pads|coussinets|ohrpolster/",), None),
    ("Barbour Bedale", "barbour bedale", "co.uk", "barbour-bedale", ("liner",), None),
    ("Dr. Martens 1460", "dr martens 1460", "pl", "dr-martens-1460", (), None),
    ("Nintendo Switch OLED", "nintendo switch oled", "fr", "nintendo-switch-oled", (), None),
)


def demo_watches(sandbox_url: str) -> list[DemoWatch]:
    """Return the demo's watches; ``sandbox_url`` is where the sandbox listens, e.g. ``http://127.0.0.1:8000``."""
    watches = []
    for name, text, country, family, blacklist, limit in _WATCHES:
        query = urlencode({"search_text": text, "order": "newest_first"})
        watches.append(
            DemoWatch(
                name=name,
                url=f"https://www.vinted.{country}/catalog?{query}",
                sandbox_page=f"{sandbox_url.rstrip('/')}/vinted/{country}/www/catalog?{query}",
                source="vinted",
                country=country,
                currency=COUNTRIES[country].currency,
                family=family,
                blacklist=(*_CAREFUL, *blacklist),
                max_price=limit,
                rules=("absolute", "robust", "model"),
            )
        )
    return watches
