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
_CONDITIONS = (
    (re.compile(r"\b(?:for parts|broken|not working|doesn'?t work|faulty|as[- ]is|dead)\b", re.I), Condition.FOR_PARTS, "said not to work"),
    (re.compile(r"\b(?:bnib|bnwt|nwt|sealed|brand new|new in box|never opened|unopened)\b", re.I), Condition.NEW_WITH_TAGS, "sealed or with tags"),
    (re.compile(r"\b(?:nwot|never used|unused|unworn|\bnew\b(?! (?:to|build|job|owner)))", re.I), Condition.NEW, "said to be new"),
    (re.compile(r"\b(?:like new|mint|open box|barely used|nearly new)\b", re.I), Condition.LIKE_NEW, "said to be as new"),
    (re.compile(r"\b(?:excellent|pristine|great (?:shape|condition)|very good|lightly used)\b", re.I), Condition.VERY_GOOD, "said to be very good"),
    (re.compile(r"\b(?:good condition|works (?:great|well|fine)|\bused\b|works perfectly)\b", re.I), Condition.GOOD, "said to be used or good"),
    (re.compile(r"\b(?:fair|worn|scratched|scuffed|beat(?:en)? up|heavily used)\b", re.I), Condition.FAIR, "said to be worn"),
)  # fmt: skip


def currency_of(subreddit: str, text: str) -> str:
    """Return the currency of bare amounts: the subreddit's, else what the text names, else US dollars."""
    known = _CURRENCY_OF_SUBREDDIT.get(subreddit.lower())
    if known is not None and known != "USD":
        return known
    for pattern, code in ((r"\bCAD\b|\[CA-", "CAD"), (r"£|\bGBP\b|\[(?:UK|GB)\b", "GBP"), (r"€|\bEUR\b|\[EU[-\]]", "EUR"),
                          (r"\bAUD\b|\[AU-", "AUD")):  # fmt: skip
        if re.search(pattern, text):
            return code
    return "USD"


def brand_of(text: str) -> str | None:
    """Return the brand that a text names first; a model tells its maker where no brand is named."""
    found = [(match.start(), brand) for brand, pattern in _PATTERNS if (match := pattern.search(text))]
    if found:
        return min(found)[1]
    return next((maker for pattern, maker in _MAKER_OF if pattern.search(text)), None)


def condition_of(text: str) -> tuple[Condition, str | None]:
    """Return the condition that words tell, worst first, with the words; ``unknown`` where they tell none."""
    for pattern, condition, _ in _CONDITIONS:
        match = pattern.search(text)
        if match:
            return condition, match.group().lower()
    return Condition.UNKNOWN, None
