"""Vinted's HTML: homepage, server-rendered catalogue, item page, with the `data-testid` structure of the real pages.

Class names are hashed per build there and mean nothing; they are shorter here. The page's own dictionary always holds
the word datadome and the text of the empty state, whatever the page shows.
"""

from __future__ import annotations

import functools
import hashlib
import json
from html import escape
from urllib.parse import urlencode

from sandbox import prices
from sandbox.items import Item
from sandbox.locales import Country, Grade
from sandbox.vinted.shapes import View, item_text, label, photo_id, photo_url, second_line

_HEART = (
    '<svg fill="none" viewBox="0 0 16 16" width="16" height="16">'
    '<path fill="currentColor" d="M8 14 2 7a4 4 0 0 1 6-4 4 4 0 0 1 6 4Z"/></svg>'
)
_SHIELD = (
    '<svg fill="none" viewBox="0 0 12 12" width="12" height="12">'
    '<path fill="currentColor" d="M6 0 11 2v4c0 4-5 6-5 6S1 10 1 6V2Z"/></svg>'
)
_PER_PAGE = 96


@functools.cache
def _dictionary(language: str) -> str:
    """The page's texts: a few that matter, and the hundreds beside them that make real pages large."""
    texts: dict[str, object] = {
        "DATADOME_CLIENT_SIDE_KEY": "SANDBOX",
        "web_datadome_script": True,
        "callback_when_datadome_ready": True,
        "auth.select_type.errors.datadome": "Technical problems. Please try again later.",
    }
    for number in range(2500):
        texts[f"page.section_{number % 50}.text_{number}"] = hashlib.blake2b(f"{language}{number}".encode()).hexdigest()
    return json.dumps(texts, separators=(",", ":"))[1:-1]


def _document(country: Country, title: str, body: str, head: str = "") -> str:
    words = country.words
    return (
        f'<!DOCTYPE html><html lang="{country.language}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">{head}</head><body>{body}'
        '<script id="__NEXT_DATA__" type="application/json">'
        f'{{"catalog.empty_state.title":{json.dumps(words.empty)},{_dictionary(country.language)}}}</script></body></html>'
    )


def homepage(country: Country) -> str:
    """Return the homepage."""
    return _document(
        country,
        f"Vinted | {country.name}",
        '<header data-testid="header"><form action="/catalog">'
        '<input name="search_text" data-testid="search-text--input">'
        '</form></header><main data-testid="homepage">'
        f'<h1>Vinted {country.name}</h1><a href="/catalog?order=newest_first">{country.words.results_title}</a></main>',
    )


def _row(view: View, item: Item) -> str:
    country, minor = view.country, view.price(item)
    name = f"product-item-id-{item.item_id}"
    text = escape(label(view, item, with_protection=False))
    total = country.visible_price(minor + prices.service_fee(minor, country.currency))
    favourites = item.favourites_at(view.at)
    count = f'<span data-testid="favourite-count-text">{favourites}</span>' if favourites else ""
    subtitle = second_line(view, item)
    subtitle_row = f'<p class="web_ui__Text" data-testid="{name}--description-subtitle">{escape(subtitle)}</p>'
    return (
        '<div data-testid="grid-item" class="feed-grid__item"><div class="feed-grid__item-content">'
        f'<div class="new-item-box__container" data-testid="{name}">'
        f'<div class="web_ui__Image" style="background-color:{item.colour.hex}" data-testid="{name}--image">'
        f'<img src="{escape(photo_url(view, photo_id(item, 0)))}" alt="{text}" data-testid="{name}--image--img"/></div>'
        f'<a href="{item.path}?referrer=catalog" class="new-item-box__overlay" data-testid="{name}--overlay-link" '
        f'title="{text}" target="_self" rel="noreferrer"><div></div></a>'
        f'<button aria-pressed="false" aria-label="{country.words.added_favourite}" data-testid="{name}--favourite" '
        f'type="button"><span data-testid="favourite-icon">{_HEART}</span>{count}</button>'
        f'<div data-testid="{name}--summary"><div data-testid="{name}--description">'
        f'<div data-testid="{name}--description--content">'
        f'<p class="web_ui__Text" data-testid="{name}--description-title">{escape(item.brand or item.title)}</p>'
        f"{subtitle_row if subtitle else ''}</div></div>"
        f'<div data-testid="{name}--title-container"><p class="web_ui__Text" data-testid="{name}--price-text">'
        f"{country.visible_price(minor)}</p></div>"
        f'<div data-testid="{name}--breakdown"><button type="button" '
        f'aria-label="{total} {country.words.protection}"><span data-testid="total-combined-price">{total}</span>'
        '<span data-testid="service-fee-included-title">incl.</span>'
        f'<span data-testid="service-fee-included-icon">{_SHIELD}</span></button></div></div></div></div></div>\n'
    )


def catalogue(view: View, items: list[Item], *, found: int, page: int, query: list[tuple[str, str]]) -> str:
    """Return the catalogue page; ``query`` is the search, for the links to its other pages."""
    words = view.country.words
    others = [(key, value) for key, value in query if key != "page"]
    links = "".join(
        f'<a href="/catalog?{escape(urlencode([*others, ("page", str(number))]))}">{number}</a>'
        for number in range(1, min(10, -(-found // _PER_PAGE)) + 1)
        if number != page
    )
    rows = "".join(_row(view, item) for item in items)
    empty = "" if items else f'<div data-testid="empty-state"><h2>{escape(words.empty)}</h2></div>'
    return _document(
        view.country,
        "Vinted",
        f'<h1 class="web_ui__Text">{words.results_title}</h1><span class="web_ui__Text">{found} {words.results}.</span>'
        f'<div class="feed-grid">\n{rows}</div>{empty}<nav data-testid="catalog-pagination">{links}</nav>',
    )


def item_page(view: View, item: Item) -> str:
    """Return a listing's page: with a schema.org Product while it can be bought, without any once it is sold."""
    minor = view.price(item)
    body = f'<main data-testid="item-page"><h1>{escape(item.title)}</h1>'
    if not item.is_live(view.at):
        return _document(view.country, item.title, f'{body}<div data-testid="item-status">Sold</div></main>')
    is_new = item.grade in {Grade.NEW_WITH_TAGS, Grade.NEW_WITHOUT_TAGS}
    product = {
        "@type": "Product",
        "name": item.title,
        "description": item_text(item),
        "image": photo_url(view, photo_id(item, 0)),
        "brand": {"@type": "Brand", "name": item.brand or ""},
        "offers": {
            "@type": "Offer",
            "url": f"{view.base}/www{item.path}",
            "priceCurrency": view.country.currency,
            "price": minor // 100 if minor % 100 == 0 else minor / 100,
            "availability": "InStock",
            "itemCondition": "NewCondition" if is_new else "UsedCondition",
        },
        "category": item.family.category,
        "color": item.colour.names[view.country.language],
        "@context": "https://schema.org",
    }
    # "<" inside a script element would end it early.
    data = json.dumps(product, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    picture = f'<img src="{escape(photo_url(view, photo_id(item, 0)))}" alt="" width="240" height="320">'
    price = f'<p data-testid="item-price">{view.country.visible_price(minor)}</p>'
    return _document(
        view.country,
        f"{item.title} | Vinted",
        f"{body}{picture}{price}<p>{escape(item_text(item))}</p></main>",
        head=f'<script type="application/ld+json">{data}</script>',
    )
