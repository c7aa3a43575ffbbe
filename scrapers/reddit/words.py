"""What words and places say: brand, condition, and the currency of a subreddit."""

from __future__ import annotations

import re

from domain.condition import Condition

# Where prices bear no sign of their own country. Others: the text has to say.
_CURRENCY_OF_SUBREDDIT = {
    "canadianhardwareswap": "CAD", "bapcsalescanada": "CAD", "canadianknifeswap": "CAD", "hardwareswapuk": "GBP",
    "hardwareswapeu": "EUR", "hardwareswapaustralia": "AUD", "hardwareswap": "USD", "mechmarket": "USD",
    "appleswap": "USD", "homelabsales": "USD", "avexchange": "USD", "photomarket": "USD", "watchexchange": "USD",
    "gameswap": "USD", "gamesale": "USD", "knife_swap": "USD", "pen_swap": "USD", "comicswap": "USD",
    "rawdenim": "USD", "vintagefashion": "USD", "thriftstorehauls": "USD", "frugalmalefashion": "USD",
    "malefashionadvice": "USD", "femalefashionadvice": "USD", "flipping": "USD", "malefashionmarket": "USD",
}  # fmt: skip
_COUNTRY_OF_SUBREDDIT = {"canadianhardwareswap": "CA", "bapcsalescanada": "CA", "canadianknifeswap": "CA",
                         "hardwareswapuk": "GB", "hardwareswapaustralia": "AU"}  # fmt: skip
# The brief's eight (001), two of which are one.
DEFAULT_SUBREDDITS = ("rawdenim", "vintagefashion", "ThriftStoreHauls", "frugalmalefashion", "malefashionadvice",
                      "femalefashionadvice", "Flipping")  # fmt: skip
_BRANDS = (
    "NVIDIA", "AMD", "Intel", "ASUS", "MSI", "Gigabyte", "EVGA", "Zotac", "Sapphire", "PowerColor", "XFX", "Palit", "PNY",
    "Corsair", "G.Skill", "Kingston", "Crucial", "Samsung", "Western Digital", "WD", "Seagate", "Toshiba", "SanDisk",
    "NZXT", "Cooler Master", "Noctua", "be quiet!", "Lian Li", "Fractal Design", "Antec", "Seasonic", "Logitech", "Razer",
    "SteelSeries", "Keychron", "Apple", "Dell", "HP", "Lenovo", "Acer", "LG", "BenQ", "Sony", "Nintendo", "Microsoft",
    "Valve", "Bose", "Sennheiser", "Canon", "Nikon", "Fujifilm", "GoPro", "Google", "OnePlus", "Levi's", "Wrangler", "Lee",
    "Iron Heart", "Naked & Famous", "Unbranded", "A.P.C.", "Nudie", "Samurai", "Pure Blue Japan", "Oni", "3sixteen",
    "Rogue Territory", "Patagonia", "Barbour", "Nike", "Adidas", "Red Wing", "Dr. Martens", "Carhartt", "Ralph Lauren",
    "Burberry", "Filson", "Alden", "Allen Edmonds", "Uniqlo", "LEGO",
)  # fmt: skip


def _words(brand: str) -> re.Pattern[str]:
    # "Levis", "levi's" and "Levi\u2019s" are one brand; its capitals are nobody's habit.
    return re.compile(rf"(?<!\w){re.escape(brand).replace(chr(39), chr(39) + '?')}(?!\w)", re.IGNORECASE)


_PATTERNS = [(brand, _words(brand)) for brand in _BRANDS]
_MAKER_OF = (
    (re.compile(r"\b(?:rtx|gtx)\s?\d{3,4}", re.IGNORECASE), "NVIDIA"),
    (re.compile(r"\b(?:ryzen|radeon|rx\s?\d{3,4}|threadripper)\b", re.IGNORECASE), "AMD"),
    (re.compile(r"\b(?:i[3579]-\d{4,5}|xeon|arc a\d{3})", re.IGNORECASE), "Intel"),
    (re.compile(r"\b(?:iphone|ipad|macbook|imac|airpods)\b", re.IGNORECASE), "Apple"),
    (re.compile(r"\bpixel \d", re.IGNORECASE), "Google"),
)
_NEW = r"(?<!like )(?<!as )(?<!nearly )(?<!almost )(?<!basically )(?<!practically )(?<!the )(?<!my )(?<!a )(?<!for )(?<!way )(?<!was )(?<!when )(?<!bought )"
# Worst first, so that a broken thing in a sealed box is broken; then from best to worst.
_OF_SOMETHING_ELSE = (
    r"to|one|pc|build|rig|set-?up|job|owner|home|house|phone|computer|system|laptop|card|gpu|cpu|case|monitor|keyboard|"
    r"parts|price|account|seller|here|user|on (?:e-?bay|amazon)|for \$|at \$"
)
# Worst first, so that a broken thing in a sealed box is broken; then from best to worst.
_CONDITIONS = {
    Condition.FOR_PARTS: r"for parts|broken|not working|(?:doesn'?t|does not|won'?t) (?:work|boot|post|turn on|power on)|"
    r"faulty|dead|parts only",
    Condition.NEW_WITH_TAGS: r"bnib|bnwt|nwt|sealed|brand new|new in (?:the )?box|never opened|unopened",
    Condition.LIKE_NEW: r"like new|as new|mint(?! green| colou?r)|open box|barely (?:used|worn)|(?:used|worn) (?:once|twice)|"
    r"(?:nearly|almost|basically|practically) new",
    Condition.NEW: rf"nwot|never (?:been )?(?:used|worn)|unused|unworn|{_NEW}new(?! (?:{_OF_SOMETHING_ELSE})\b)",
    Condition.VERY_GOOD: r"excellent|pristine|great (?:shape|condition)|very good|(?:lightly|gently) (?:used|worn)",
    Condition.GOOD: r"good (?:shape|condition)|works (?:great|well|fine|perfectly)|used",
    Condition.FAIR: r"fair (?:shape|condition)|worn|scratched|scuffed|beat(?:en)? up|heavily used|"
    r"well[- ]?(?:used|loved|worn)",
}
_CONDITION_PATTERNS = tuple(
    (re.compile(rf"\b(?:{words})\b", re.I), condition) for condition, words in _CONDITIONS.items()
)
# "New 1TB drive", "drive, new", "it is new"; not "upgraded to new machines".
_BEFORE_NEW = re.compile(
    r"(?:^|[-\u2013,:;(*|\n.]\s*|\b(?:is|are|totally|completely|condition|all|both)\s)$", re.IGNORECASE
)
_BEHIND_NEW = re.compile(r"\s*(?:[,.;)|!/*\n]|-|$)")
_NEGATED = re.compile(
    r"\b(?:no|not|never|without|nothing|isn'?t|aren'?t|wasn'?t|zero|non)\b[^.,;!\n]{0,15}$", re.IGNORECASE
)
_STATED_CURRENCY = re.compile(
    r"\b(?:prices?|priced|amounts?|everything|all)\b[^.\n$€£]{0,30}?\b(?P<code>usd|cad|cdn|eur|gbp|aud|us dollars|canadian dollars|euros?)\b",
    re.IGNORECASE,
)
_STATED = {"cdn": "CAD", "us dollars": "USD", "canadian dollars": "CAD", "euro": "EUR", "euros": "EUR"}
_DOLLARS = frozenset({"USD", "CAD", "AUD"})
# The sign decides before a place does: a German who writes "$" means dollars.
_NAMED = ((r"\bCAD\b|\bCDN\b|\[CA(?:-|\])|\[CAN", "CAD"), (r"£|\bGBP\b|\[(?:UK|GB)\b|\[EU-UK", "GBP"),
          (r"€|\bEUR\b|\[EU[-\]]", "EUR"), (r"\bAUD\b|\[AU[-\]]", "AUD"))  # fmt: skip


def currency_of(subreddit: str, text: str, *, is_dollar: bool = False) -> str:
    """Return the currency of amounts without a code: what the text states, else the subreddit's, else what it names.

    Args:
        is_dollar: a dollar sign stands there, so that it is one of the dollars. US dollars where nothing tells.
    """
    stated = _STATED_CURRENCY.search(text)
    if stated is not None:
        word = stated.group("code").lower()
        code = _STATED.get(word, word.upper())
        if not is_dollar or code in _DOLLARS:
            return code
    known = _CURRENCY_OF_SUBREDDIT.get(subreddit.lower())
    if known is not None and known != "USD" and (not is_dollar or known in _DOLLARS):
        return known
    for pattern, code in _NAMED:
        if re.search(pattern, text) and (not is_dollar or code in _DOLLARS):
            return code
    return "USD"


def country_of(subreddit: str, location: str | None) -> str | None:
    """Return where a thing is (ISO alpha-2) by its post's location, else by a subreddit of one country."""
    place = re.fullmatch(
        r"\s*(USA?|CAN?|CA|UK|GB|AUS?|EU)\s*(?:[-, ]\s*([A-Za-z]{2})\b.*)?", location or "", re.IGNORECASE
    )
    if place is not None:
        country = place.group(1).upper()
        if country == "EU":
            inner = (place.group(2) or "").upper()
            return "GB" if inner == "UK" else inner or None
        return {"USA": "US", "CAN": "CA", "UK": "GB", "AUS": "AU"}.get(country, country)
    return _COUNTRY_OF_SUBREDDIT.get(subreddit.lower())


def sentences_on_all(text: str) -> str:
    """Return the sentences that speak of all things of a post."""
    sentences = re.split(r"[.!\n]+", text)
    return "\n".join(one for one in sentences if re.search(r"\b(?:all|both|everything|every)\b", one, re.IGNORECASE))


def brand_of(text: str) -> str | None:
    """Return the brand that a text names first; a model tells its maker where no brand is named."""
    found = [(match.start(), brand) for brand, pattern in _PATTERNS if (match := pattern.search(text))]
    if found:
        return min(found)[1]
    return next((maker for pattern, maker in _MAKER_OF if pattern.search(text)), None)


def condition_of(text: str) -> tuple[Condition, str | None]:
    """Return the condition that words tell, with the words; ``unknown`` where they tell none. "Not broken" tells none."""
    for pattern, condition in _CONDITION_PATTERNS:
        for match in pattern.finditer(text):
            before, behind = text[max(0, match.start() - 40) : match.start()], text[match.end() : match.end() + 5]
            is_of_this = match.group().lower() != "new" or _BEFORE_NEW.search(before) or _BEHIND_NEW.match(behind)
            if is_of_this and not _NEGATED.search(before):
                return condition, match.group().lower()
    return Condition.UNKNOWN, None
