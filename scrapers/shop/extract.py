"""A product page read whole: every candidate price, the one that wins, and the product's facts.

Belongs here: bringing the kinds of evidence together. Does not: any one of them.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import msgspec

from domain.listing import Availability
from scrapers.shop.arbiter import Decision, decide, merged, product_state, similarity
from scrapers.shop.candidates import Candidate, Origin, ProductFacts
from scrapers.shop.document import Document, parse_document
from scrapers.shop.markup import Node, candidates_of, is_offer, is_product, json_ld_nodes, microdata_nodes
from scrapers.shop.metas import meta_candidates, meta_facts, metas_of
from scrapers.shop.visible import shown_amount_texts, shown_availability, shown_prices


class Extraction(msgspec.Struct, frozen=True, kw_only=True):
    """A page's price and product.

    Attributes:
        is_product_page: False where nothing on the page is for sale: a list, an article, a shell.
        country_currency: ISO code of the page's country, if something tells it.
    """

    decision: Decision
    candidates: tuple[Candidate, ...]
    facts: ProductFacts
    is_product_page: bool
    url: str | None
    country_currency: str | None


def extract(body: bytes, url: str | None) -> Extraction | None:
    """Read a product page; None where the bytes hold no markup. Never raises for what they hold."""
    document = parse_document(body, url)
    if document is None:
        return None
    metas = metas_of(document.tree)
    candidates: list[Candidate] = []
    facts: list[ProductFacts] = []
    for origin, nodes in (
        (Origin.JSON_LD, json_ld_nodes(document.tree)),
        (Origin.MICRODATA, microdata_nodes(document.tree, url)),
    ):
        chosen, fact = _main_product(nodes, origin, document)
        candidates += chosen
        facts += [fact] if fact is not None else []
    candidates += meta_candidates(metas, document.country_currency)
    facts.append(meta_facts(metas))
    shown = shown_prices(document.tree, document.country_currency)
    candidates += shown
    stated = merged(*(product_state([one for one in candidates if one.origin is origin])
                      for origin in (Origin.JSON_LD, Origin.MICRODATA)),
                    *(fact.availability for fact in facts))  # fmt: skip
    state = _state(stated, shown_availability(document.tree))
    decision = decide(candidates, shown_amount_texts(document.tree), state)
    whole = _combined(facts, document)
    return Extraction(
        decision=decision,
        candidates=tuple(sorted(candidates, key=lambda one: -one.score)),
        facts=whole,
        is_product_page=decision.winner is not None
        or state is not None
        or any(one.sku or one.gtin or one.availability for one in facts),
        url=document.url or url,
        country_currency=document.country_currency,
    )


def _state(stated: Availability | None, shown: Availability | None) -> Availability | None:
    """Return the markup's word; where it says "in stock" and the page says that one cannot buy, the page's."""
    return stated if stated is not None else shown


def _main_product(nodes: list[Node], origin: Origin, document: Document) -> tuple[list[Candidate], ProductFacts | None]:
    """Return the candidates of the page's own product: by name and address, else the first that has an offer."""
    products = [node for node in nodes if is_product(node)] or [node for node in nodes if is_offer(node)]
    best: tuple[float, list[Candidate], ProductFacts] | None = None
    for number, node in enumerate(products):
        found, facts = candidates_of(node, origin, number, document.country_currency)
        score = 2 * similarity(facts.name, document.title) + (1.5 if found else 0.0) - 0.01 * number
        score += 1.0 if _same_page(facts.url, document.url) else 0.0
        if best is None or score > best[0]:
            best = (score, found, facts)
    return ([], None) if best is None else (best[1], best[2])


def _same_page(one: str | None, other: str | None) -> bool:
    if not one or not other:
        return False
    try:
        first, second = urlsplit(one), urlsplit(other)
    except ValueError:
        return False
    return len(first.path) > 1 and first.path.rstrip("/") == second.path.rstrip("/")


def _combined(facts: list[ProductFacts], document: Document) -> ProductFacts:
    """Return each fact from the first evidence that states it; the page's own title names what nothing else does."""
    values: dict[str, Any] = {
        name: next((value for fact in facts if (value := getattr(fact, name))), None)
        for name in ProductFacts.__struct_fields__
    }
    values["name"] = values["name"] or document.title
    values["images"] = values["images"] or ()
    return ProductFacts(**values)
