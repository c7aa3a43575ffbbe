"""An Amazon product page into one listing, or an offer without price.

Belongs here: which amount on the page is the price of the thing, in the layouts of 2020 and of 2023 on. Does not: walls
and missing pages (``meaning``), search pages (``search_page``).

None of the recorded pages has JSON-LD, microdata or an og price. Amounts outside the buy box are never the price: list
prices are struck through, `.a-price` alone may belong to another product, coupons and subscriptions lower another day's
price, used offers are other things, and delivery and import duties depend on the visitor's country.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

import msgspec
from selectolax.lexbor import LexborHTMLParser, LexborNode

from domain.condition import Condition
from domain.listing import Availability, Listing, Seller, UnpricedOffer
from domain.money import MoneyError, parse_amount
from domain.price_kind import PriceKind
from scrapers.amazon.domains import SOURCE_NAME, Place
from scrapers.amazon.search_url import ASIN, asin_of
from scrapers.amazon.wording import availability_of, pieces_left, says_free, says_import
from scrapers.page_values import RecordError, attribute, first_text, gtin, shown_text, tidy, web_addresses
from scrapers.visible_price import VisiblePrice, currency_of_sign, find_bare_number, find_prices

TITLE = "#productTitle, #ebooksProductTitle, #btAsinTitle, #dmusicProductTitle_feature_div h1"
# The buy box's own price, most specific first; never a bare .a-price.
_NEW_LAYOUT = (
    "#corePriceDisplay_desktop_feature_div .priceToPay",
    "#corePriceDisplay_mobile_feature_div .priceToPay",
    "#apex_desktop .priceToPay, #apex_desktop .apexPriceToPay",
    "#corePrice_desktop .priceToPay, #corePrice_desktop .apexPriceToPay",
    "#corePriceDisplay_desktop_feature_div .a-price:not([data-a-strike]):not(.a-text-price)",
    "#corePrice_feature_div .a-price:not([data-a-strike]):not(.a-text-price)",
    "#corePrice_desktop .a-price:not([data-a-strike]):not(.a-text-price)",
)
_OLD_LAYOUT = (
    "#priceblock_dealprice",
    "#priceblock_saleprice",
    "#priceblock_ourprice",
    "#price_inside_buybox",
    "#newBuyBoxPrice",
    "#buyNewSection .offer-price, #buyNewSection #buyNew_noncbb",
    "#mediaNoAccordion .offer-price, #mediaNoAccordion .header-price",
    "#kindle-price, .kindle-price .a-color-price, .a-color-price.kindle-price",
    "#apex-pricetopay-accessibility-label",
    "#tmmSwatches .swatchElement.selected .a-color-price, #MediaMatrix .selected .a-color-price",
    "#a-autoid-0-announce .a-color-price, #digital-bulk-buy-ourprice, #mp3-buy-button-price",
    "span#price.a-color-price, span#price.header-price",
)
_BASIS = ", ".join((
    '#corePriceDisplay_desktop_feature_div .a-price[data-a-strike="true"]',
    '#corePrice_desktop .a-price[data-a-strike="true"]',
    '#apex_desktop .basisPrice .a-price',
    '#price .priceBlockStrikePriceString',
    '#listPrice',
    '#buyBoxInner .a-text-strike',
))  # fmt: skip
_OTHER_SELLERS = (
    "#olp_feature_div .a-color-price",
    "#olpLinkWidget_feature_div .a-color-price, #olpLinkWidget_feature_div .a-price .a-offscreen",
    "#dynamic-aod-ingress-box .a-price .a-offscreen, #aod-ingress-link .a-price .a-offscreen",
    "#usedBuySection .offer-price, #gsbbUsedPrice",
)
_OTHER_SELLERS_TEXT = (
    "#olp-upd-new-used", "#olp_feature_div .a-declarative", "#olp_feature_div", "#olpLinkWidget_feature_div",
    "#dynamic-aod-ingress-box", "#aod-ingress-link",
)  # fmt: skip
_NO_BUY_BOX = "#unqualifiedBuyBox, #buybox-see-all-buying-choices, #buybox-see-all-buying-choices-announce"
_BUY_BUTTON = (
    "#add-to-cart-button, #buy-now-button, #one-click-button, #submit\\.preorder, #rcx-subscribe-submit-button"
)
_NOT_NEW = ("#usedOnlyBuybox", "#renewedProgramDescriptionAtf_feature_div", "#renewedTier2AquisitionBlurb")
_COUPON = ("#vpcButton", "#couponFeature .couponLabelText", "#promoPriceBlockMessage_feature_div .couponLabelText")
_SUBSCRIBE = ("#subscriptionPrice", "#sns-base-price", "#snsDetailPagePrice", "#snsPrice")
_GTIN_LABEL = re.compile(r"\b(?:ean|gtin|upc|isbn-13|europ\w* artik\w*)\b", re.IGNORECASE)
_BRAND_LABEL = re.compile(
    r"^(?:brand(?: name)?|marke|marque|marca|merk|marka|varumärke|nome del marchio)$", re.IGNORECASE
)
_MAKER_LABEL = re.compile(
    r"^(?:manufacturer|hersteller|fabricant|produttore|fabricante|fabrikant|producent)$", re.IGNORECASE
)
# "Visit the X Store", "Visiter la boutique X", "Visita lo Store di X", "Besuchen Sie den X-Store", "Brand: X" ...
_BYLINES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:brand|marke|marque|marca|merk|marka)\s*:\s*(.+)",
        r"visit the (.+?) store",
        r"visiter la boutique (?:de )?(.+)",
        r"visita lo store di (.+)",
        r"besuche(?:n sie)? den (.+?)[- ]store",
        r"visita la (?:store|tienda) de (.+)",
        r"(?:bezoek|ga naar) de (.+?)[- ]store",
        r"odwiedź sklep (?:marki )?(.+)",
    )
)
_LABELLED_ROWS = ", ".join((
    "#prodDetails tr", "#productDetails_techSpec_section_1 tr", "#productDetails_detailBullets_sections1 tr",
    "#productOverview_feature_div tr", "#technicalSpecifications_section_1 tr",
    "#detailBullets_feature_div li", "#detail-bullets li", "#detailBulletsWrapper_feature_div li",
))  # fmt: skip


class _Offer(NamedTuple):
    """What the buy box says; ``high`` is the upper end where the page shows a range over variants."""

    price: VisiblePrice | None
    high: Decimal | None = None


class _Page:
    """A product page with what every question to it needs."""

    def __init__(self, tree: LexborHTMLParser, place: Place) -> None:
        self.tree = tree
        self.place = place
        language = (tree.root.attributes.get("lang") or "") if tree.root else ""
        # A site shown in English writes cents with a point, whatever its country.
        english = language.lower().startswith("en") and place.site.decimal_sign == ","
        self.decimal_sign = "." if english else place.site.decimal_sign
        self.rows = _labelled_rows(tree)

    def prices(self, text: str | None) -> list[VisiblePrice]:
        return find_prices(text or "", decimal_sign=self.decimal_sign, site_currency=self.place.site.currency)

    def amount(self, text: str | None) -> Decimal | None:
        found = self.prices(text)
        return found[0].amount if found else None


def read_product(tree: LexborHTMLParser, place: Place, url: str) -> Listing | UnpricedOffer:
    """Return the page's one product.

    Raises:
        RecordError: where the page has no ASIN, no title, or a price whose currency cannot be told.
    """
    page = _Page(tree, place)
    asin = _asin(tree, url)
    title = first_text(tree, *TITLE.split(", "), limit=1000)
    if title is None:
        raise RecordError("title: missing")
    availability_text = _availability_text(tree)
    said = availability_of(availability_text)
    is_out = tree.css_first("#outOfStock") is not None
    offer = _Offer(None) if is_out else _offer(page)
    basis = _list_price(page)
    external_id, address = f"{asin}@{place.site.country}", f"{place.base}/dp/{asin}"
    article = gtin(" ".join(value for label, value in page.rows if _GTIN_LABEL.search(label)))
    if offer.price is None:
        return _unpriced(
            page,
            UnpricedOffer(
                source=SOURCE_NAME,
                external_id=external_id,
                url=address,
                title=title,
                reason="",
                availability=Availability.OUT_OF_STOCK if is_out and said is Availability.UNKNOWN else said,
                list_price=basis,
                brand=_brand(page),
                sku=asin,
                gtin=article,
            ),
            is_out=is_out,
        )
    if offer.price.currency is None:
        raise RecordError("currency: the price's sign belongs to several currencies and the site's is none of them")
    return Listing(
        source=SOURCE_NAME,
        external_id=external_id,
        url=address,
        title=title,
        price=offer.price.amount,
        currency=offer.price.currency,
        price_kind=PriceKind.PRICE if offer.high is None else PriceKind.RANGE,
        brand=_brand(page),
        category=first_text(tree, "#wayfinding-breadcrumbs_feature_div", limit=500),
        description=first_text(tree, "#feature-bullets", "#productDescription", limit=5000),
        condition=_condition(tree),
        availability=_availability_of_priced(tree, said),
        image_urls=_images(tree),
        seller=_seller(tree),
        list_price=basis if basis is not None and basis > offer.price.amount else None,
        shipping_price=_shipping(page),
        sku=asin,
        gtin=article,
        quantity=pieces_left(availability_text),
        attributes=_attributes(page, offer.high),
    )


# ---------------------------------------------------------------- the price


def price_of_node(node: LexborNode, *, decimal_sign: str, site_currency: str) -> VisiblePrice | None:
    """Return the price of an ``.a-price`` node: its spoken text where it is filled, else its joined parts.

    The spoken text (`.a-offscreen`) may be empty, and `.a-price-whole` may hold the cents already ("1.749,99").
    """
    spoken = first_text(node, ".a-offscreen", limit=60)
    found = find_prices(spoken or "", decimal_sign=decimal_sign, site_currency=site_currency)
    if found:
        return found[0]
    sign = first_text(node, ".a-price-symbol", limit=10) or ""
    whole = (first_text(node, ".a-price-whole", limit=30) or "").replace(" ", "").rstrip(".,")
    cents = first_text(node, ".a-price-fraction", limit=4) or ""
    if not whole:
        return None
    amount = find_bare_number(f"{whole}{decimal_sign}{cents}" if cents else whole, decimal_sign=decimal_sign)
    return None if amount is None else VisiblePrice(amount, currency_of_sign(sign, site_currency=site_currency))


def _offer(page: _Page) -> _Offer:
    for selector in _NEW_LAYOUT:
        for node in page.tree.css(selector):
            price = price_of_node(node, decimal_sign=page.decimal_sign, site_currency=page.place.site.currency)
            if price is not None and price.amount > 0:
                return _with_structured_currency(page, _range_of(page, selector, price))
    for selector in _OLD_LAYOUT:
        for node in page.tree.css(selector):
            found = [price for price in page.prices(_old_text(node, page.decimal_sign)) if price.amount > 0]
            if found:
                is_range = selector.startswith("#priceblock") and len(found) > 1 and found[1].amount > found[0].amount
                high = found[1].amount if is_range else None
                return _with_structured_currency(page, _Offer(found[0], high))
    return _Offer(_structured_price(page))


def _old_text(node: LexborNode, decimal_sign: str) -> str | None:
    """Return an old price's text, with cents that are only written small ("$29" and "99") put behind their sign."""
    large = first_text(node, ".price-large", limit=20)
    small = [text for one in node.css(".price-info-superscript") if (text := shown_text(one, 10))]
    if large is None or not small:
        return shown_text(node, 200)
    sign = next((text for text in small if not text.isdigit()), "")
    cents = next((text for text in small if text.isdigit()), "")
    return f"{sign}{large}{decimal_sign}{cents}" if cents else f"{sign}{large}"


def _range_of(page: _Page, selector: str, price: VisiblePrice) -> _Offer:
    """Tell a range over variants ("$12.99 - $24.99"): its two ends stand in one `.a-price-range`."""
    box = page.tree.css_first(f"{selector.split(maxsplit=1)[0]} .a-price-range")
    found = page.prices(shown_text(box, 200)) if box is not None else []
    return (
        _Offer(found[0], found[-1].amount) if len(found) > 1 and found[-1].amount > found[0].amount else _Offer(price)
    )


def _with_structured_currency(page: _Page, offer: _Offer) -> _Offer:
    if offer.price is None or offer.price.currency is not None:
        return offer
    return offer._replace(price=offer.price._replace(currency=_structured_currency(page)))


def _structured_currency(page: _Page) -> str | None:
    code = attribute(page.tree, "#cerberus-data-metrics", "data-asin-currency-code") or attribute(
        page.tree, 'input[name$="[customerVisiblePrice][currencyCode]"]', "value"
    )
    return code if code and re.fullmatch(r"[A-Z]{3}", code) else None


def _structured_price(page: _Page) -> VisiblePrice | None:
    """Return the price that the page's own scripts are given, where no visible one could be read; 0.0 means none."""
    tree = page.tree
    for selector, name in (
        ("#cerberus-data-metrics", "data-asin-price"),
        ('input[name$="[customerVisiblePrice][amount]"]', "value"),
        ("#attach-base-product-price", "value"),
        ("#twister-plus-price-data-price", "value"),
    ):
        try:
            amount = parse_amount(attribute(tree, selector, name) or "")
        except MoneyError:
            continue
        if amount > 0:
            sign = attribute(tree, "#attach-base-product-currency-symbol, #twister-plus-price-data-price-unit", "value")
            by_sign = currency_of_sign(sign or "", site_currency=page.place.site.currency)
            return VisiblePrice(amount, _structured_currency(page) or by_sign)
    return None


def _list_price(page: _Page) -> Decimal | None:
    for node in page.tree.css(_BASIS):
        amount = page.amount(first_text(node, ".a-offscreen", limit=60) or shown_text(node, 60))
        if amount is not None and amount > 0:
            return amount
    return None


def _shipping(page: _Page) -> Decimal | None:
    """Return the price of delivery where the page says it plainly; None where duties or conditions are mixed in."""
    node = page.tree.css_first("#deliveryBlockMessage [data-csa-c-delivery-price]")
    if node is not None and not (node.attributes.get("data-csa-c-delivery-condition") or "").strip():
        said = tidy(node.attributes.get("data-csa-c-delivery-price"), 60)
        return Decimal(0) if says_free(said) else page.amount(said)
    message = _delivery_message(page)
    if message is None or says_import(message):
        return None
    if says_free(message):
        return Decimal(0)
    return page.amount(message) if message.startswith("+") else None


def _delivery_message(page: _Page) -> str | None:
    for selector in ("#price-shipping-message", "#ourprice_shippingmessage", "#saleprice_shippingmessage"):
        text = first_text(page.tree, selector, limit=300)
        if text:
            # The explanation that opens on a click repeats price and total.
            return text.split(" Details", 1)[0][:120]
    return None


# ---------------------------------------------------------------- what stands around it


def _unpriced(page: _Page, offer: UnpricedOffer, *, is_out: bool) -> UnpricedOffer:
    if is_out:
        return msgspec.structs.replace(offer, reason="The page says that it is out of stock and shows no price of it.")
    shown = _other_sellers_price(page)
    if shown is not None or page.tree.css_first(_NO_BUY_BOX) is not None:
        return msgspec.structs.replace(
            offer,
            reason="The page has no offer of its own: other sellers offer it, perhaps used, from the amount shown.",
            availability=Availability.AVAILABLE,
            price_kind=PriceKind.FROM_OTHER_SELLERS if shown else PriceKind.NONE,
            shown_price=shown.amount if shown else None,
            currency=shown.currency if shown else None,
        )
    if offer.availability in {Availability.OUT_OF_STOCK, Availability.BACKORDER}:
        return msgspec.structs.replace(
            offer, reason="The page says that it is out of stock.", availability=Availability.OUT_OF_STOCK
        )
    return msgspec.structs.replace(
        offer, reason="The page shows no price of it: a size or colour may have to be chosen."
    )


def _other_sellers_price(page: _Page) -> VisiblePrice | None:
    for selector in _OTHER_SELLERS:
        for node in page.tree.css(selector):
            found = page.prices(shown_text(node, 100))
            if found:
                return found[0]
    for selector in _OTHER_SELLERS_TEXT:
        found = page.prices(first_text(page.tree, selector, limit=300))
        if found:
            return found[0]
    return None


def _availability_text(tree: LexborHTMLParser) -> str | None:
    return first_text(tree, "#availability", "#outOfStock", "#availability-brief", limit=300)


def _availability_of_priced(tree: LexborHTMLParser, said: Availability) -> Availability:
    has_button = tree.css_first(_BUY_BUTTON) is not None
    if said in {Availability.PREORDER, Availability.BACKORDER}:
        return said
    if said is Availability.OUT_OF_STOCK:
        return Availability.OUT_OF_STOCK
    return Availability.AVAILABLE if has_button else said


def _asin(tree: LexborHTMLParser, url: str) -> str:
    canonical = attribute(tree, 'link[rel="canonical"]', "href") or ""
    for candidate in (
        attribute(tree, 'input[name="ASIN"]', "value"),
        attribute(tree, 'input[name="ASIN.0"]', "value"),
        attribute(tree, "#cerberus-data-metrics, #all-offers-display-params, #averageCustomerReviews", "data-asin"),
        attribute(tree, "#corePriceDisplay_desktop_feature_div, #title_feature_div", "data-csa-c-asin"),
        asin_of(url),
        asin_of(canonical),
    ):
        if candidate and ASIN.fullmatch(candidate):
            return candidate
    raise RecordError("asin: the page names none")


def _labelled_rows(tree: LexborHTMLParser) -> list[tuple[str, str]]:
    """Return label and value of the page's tables and lists of details, the label without its colon."""
    rows = []
    for node in tree.css(_LABELLED_ROWS)[:200]:
        cells = node.css("th, td") or node.css("span.a-list-item > span")
        if len(cells) >= 2:
            label, value = shown_text(cells[0], 100), shown_text(cells[-1], 300)
        else:
            label, _, value = (shown_text(node, 400) or "").partition(":")
        if label and value:
            rows.append((label.strip(" :\u00a0"), value.strip(" :")))
    return rows


def _brand(page: _Page) -> str | None:
    for label, value in page.rows:
        if _BRAND_LABEL.match(label):
            return value
    byline = first_text(page.tree, "a#bylineInfo", "#bylineInfo:not(:has(.author))", "#brand", limit=120)
    for expression in _BYLINES:
        match = expression.fullmatch(byline or "")
        if match:
            return match.group(1)
    for label, value in page.rows:
        if _MAKER_LABEL.match(label):
            return value
    return None


def _condition(tree: LexborHTMLParser) -> Condition:
    # The buy box sells new things, unless there is a used one alone or the product is a renewed one.
    # These boxes stand empty on every page.
    return Condition.NEW if first_text(tree, *_NOT_NEW, limit=20) is None else Condition.UNKNOWN


def _images(tree: LexborHTMLParser) -> tuple[str, ...]:
    found: list[str | None] = []
    for node in tree.css("#landingImage, #imgBlkFront, #ebooksImgBlkFront, #main-image"):
        found += [node.attributes.get("data-old-hires"), node.attributes.get("src")]
    return web_addresses(found)[:1]


def _seller(tree: LexborHTMLParser) -> Seller | None:
    """Return the buy box's seller: the id that sellers are told apart by, and the shop's name where it is linked."""
    external_id = attribute(tree, "input#merchantID", "value")
    if external_id is None or not re.fullmatch(r"[A-Z0-9]{8,20}", external_id):
        return None
    link = tree.css_first(f'#sellerProfileTriggerId[href*="seller={external_id}"]')
    # Shops on Amazon sell by trade nearly always, but the page does not say so.
    return Seller(external_id=external_id, login=shown_text(link, 100))


def _attributes(page: _Page, high: Decimal | None) -> dict[str, str]:
    # What moves with every visit (arrival dates, advertisements) stays out: each change is a new state of the listing.
    delivery = _delivery_message(page)
    texts = {
        "coupon": first_text(page.tree, *_COUPON, limit=80),
        "subscribe_price": first_text(page.tree, *_SUBSCRIBE, limit=60),
        "other_offers": first_text(page.tree, *_OTHER_SELLERS_TEXT, limit=120),
        "import_fees": delivery if says_import(delivery) else None,
        "deliver_to": first_text(page.tree, "#glow-ingress-line2", limit=60),
        "price_high": None if high is None else format(high, "f"),
    }
    return {name: text for name, text in texts.items() if text}
