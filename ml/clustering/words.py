"""Words that say nothing about a product, in the languages of the sites: en, fr, de, nl, pl, it, es.

Belongs here: the lists, editable. Does not: reading titles.
"""

from __future__ import annotations

_ENGLISH = (
    "a all also an and any are as at be best both brand by can each for free from full good great has have i in is "
    "it its like more my new no not of off on one only or our out over own per plus post postage pre ready sale "
    "same see sold stock than that the their this to under up used uk usa very was we what will with without you "
    "your condition genuine original authentic excellent mint nice rare vintage boxed box papers delivery shipping "
    "inc incl item ref reference made"
)
_FRENCH = (
    "au aux avec ce ces comme d dans de des du elle en est et etat état bon très tres il je l la le les leur mais "
    "mon ne neuf neuve ni nos notre on ou par pas plus pour qu que qui sa sans se ses son sous sur ta te tes ton un "
    "une vos vous livraison occasion authentique"
)
_GERMAN = (
    "ab als am an auch auf aus bei bis das dem den der des die doch ein eine einem einen einer es für gegen gut hat "
    "im in ist kein keine mit nach neu neue neuer neues nicht noch nur ob oder ohne sehr sich sie so um und unter "
    "vom von vor zu zum zur zustand gebraucht versand ovp wie"
)
_DUTCH = (
    "aan als bij dat de deze die dit door een en er geen goed goede het hier hoe ik in is kan maar met na naar niet "
    "nieuw nieuwe nog nu of om onder ook op over staat te tot uit van veel voor was wat wel wij zeer zijn zo "
    "gebruikt verzending"
)
_POLISH = (
    "albo ale bardzo bez by być co czy dla do go i ich ile jak jest już lub ma na nad nie niż o od oraz po pod "
    "przed przez przy się są stan tak tego ten to tu w we wraz z za ze że nowy nowa nowe używany używana wysyłka "
    "okazja"
)
_ITALIAN = (
    "a ad agli ai al alla alle anche c che chi come con da dal dalla degli dei del della delle di e ed gli ha i il "
    "in io la le lo ma mi ne nei nel nella non o per più se si su sul sulla tra tutto un una uno usato usata nuovo "
    "nuova ottimo ottime condizioni spedizione originale"
)
_SPANISH = (
    "a al ante con de del desde donde el en entre es esta este estos ha la las lo los mas más me mi muy ni no nuevo "
    "nueva o para pero por que se si sin sobre su sus un una uno unos y ya estado buen envío envio usado usada "
    "segunda mano gratis"
)
# What a market's own users write before a title: want to sell, buy, trade; for sale.
_MARKET = "wts wtb wtt fs ft selling vends verkaufe sprzedam vendo"

# What sellers add to any title: how rare, how little used, that there is a receipt.
FLOURISHES: dict[str, tuple[str, ...]] = {
    language: tuple(phrases.split("|"))
    for language, phrases in {
        "en": "vintage|retro|y2k|very rare|rare|unisex|original|genuine|authentic|hardly used|barely used|hardly worn"
        "|barely worn|never worn|with receipt|receipt|great find|gift idea|rrp high|high rrp|fast shipping|bargain",
        "fr": "très rare|unisexe|originale|authentique|quasi jamais servi|jamais servi|jamais porté|jamais portée"
        "|peu porté|peu portée|peu servi|avec facture|facture|bonne affaire|idée cadeau|envoi rapide",
        "de": "sehr selten|selten|rar|kaum benutzt|wenig benutzt|kaum getragen|nie getragen|mit rechnung|rechnung"
        "|mit quittung|schnäppchen|geschenkidee|originale|originaler|originales|schneller versand",
        "nl": "zeer zeldzaam|zeldzaam|origineel|originele|nauwelijks gebruikt|nauwelijks gedragen|weinig gebruikt"
        "|met bon|met factuur|koopje|cadeau-idee|snelle verzending",
        "pl": "rzadki|rzadka|rzadkie|oryginalny|oryginalna|oryginalne|mało używany|mało używana|mało używane"
        "|z paragonem|z fakturą|okazja|na prezent|szybka wysyłka|unikat",
        "it": "molto raro|raro|rara|rarissimo|originale|originali|usato poco|poco usato|usata poco|poco usata"
        "|con scontrino|con fattura|affare|idea regalo|pari al nuovo|autentico|autentica",
        "es": "muy raro|originales|auténtico|auténtica|poco uso|apenas usado|apenas usada|con factura|con ticket|ganga"
        "|chollo|idea regalo",
    }.items()
}
# Words that introduce a size; the size that follows is what tells.
SIZE_WORDS = "size sz taille maat talla taglia tg größe groesse gr rozm rozmiar"
# What a thing is, in each language, by one English word: a jacket is no pair of jeans, but a veste is a jacket.
_NOUNS = {
    "jeans": "jeans jean vaqueros vaquero jeansy spijkerbroek jeanshose",
    "trousers": "trousers pants pantalon pantalons hose broek spodnie pantaloni pantalón pantalones",
    "jacket": "jacket veste blouson jacke jas kurtka giacca chaqueta cazadora",
    "coat": "coat manteau mantel płaszcz cappotto abrigo",
    "down jacket": "down jacket|puffer jacket|doudoune|daunenjacke|donsjas|puffer|piumino|plumífero|kurtka puchowa",
    "sweater": "sweater jumper pull pullover trui sweter maglione jersey",
    "hoodie": "hoodie|sweat à capuche|kapuzenpullover|bluza z kapturem|felpa con cappuccio|sudadera con capucha",
    "fleece": "fleece|polaire|fleecejacke|fleecetrui|polar|pile|forro polar",
    "shirt": "shirt chemise hemd overhemd koszula camicia camisa",
    "t-shirt": "t-shirt tshirt tee-shirt koszulka maglietta camiseta",
    "dress": "dress robe kleid jurk sukienka vestito vestido",
    "skirt": "skirt jupe rock rok spódnica gonna falda",
    "bag": "bag sac tasche tas torebka borsa bolso",
    "shoes": "shoes chaussures schuhe schoenen buty scarpe zapatos",
    "trainers": "trainers|sneakers|sneaker|baskets|turnschuhe|zapatillas|scarpe da ginnastica",
    "boots": "boots bottes bottines stiefel laarzen botki glany stivali anfibi botas",
    "headphones": "headphones headphone casque kopfhörer koptelefoon słuchawki cuffie auriculares",
    "earphones": "earphones earbuds écouteurs oordopjes auricolari",
    "console": "console konsole consola konsola spelcomputer",
    "graphics card": "graphics card|gpu|carte graphique|grafikkarte|videokaart|karta graficzna|scheda video"
    "|scheda grafica|tarjeta gráfica",
    "camera": "camera|appareil photo|kamera|fotocamera|aparat|aparat fotograficzny|cámara|fototoestel"
    "|macchina fotografica",
    "lens": "lens objectif objektiv objectief obiektyw obiettivo objetivo",
    "watch": "watch montre armbanduhr uhr horloge zegarek orologio reloj",
    "phone": "phone smartphone téléphone handy telefoon telefon telefono teléfono móvil",
    "laptop": "laptop|notebook|ordinateur portable|portátil|portatile",
    "bicycle": "bicycle bike vélo fahrrad fiets rower bici bicicletta bicicleta",
}

_COLOURS = {
    "black": "black noir noire schwarz schwarze schwarzer zwart zwarte czarny czarna czarne nero nera negro negra",
    "white": "white blanc blanche weiß weiss weiße wit witte biały biała białe bianco bianca blanco blanca",
    "grey": "grey gray gris grise grau graue grijs grijze szary szara szare grigio grigia",
    "red": "red rouge rot rote rood rode czerwony czerwona czerwone rosso rossa rojo roja",
    "blue": "blue bleu bleue blau blaue blauw blauwe niebieski niebieska niebieskie blu azul",
    "navy": "navy|navy blue|bleu marine|marineblau|dunkelblau|marineblauw|donkerblauw|donkerblauwe|granatowy|granatowa"
    "|granatowe|blu navy|blu scuro|azul marino",
    "green": "green vert verte grün grüne groen groene zielony zielona zielone verde",
    "brown": "brown marron brun brune braun braune bruin bruine brązowy brązowa brązowe marrone marrón",
    "yellow": "yellow jaune gelb gelbe geel gele żółty żółta żółte giallo gialla amarillo amarilla",
    "pink": "pink rose rosa roze różowy różowa różowe",
    "purple": "purple violet violette lila paars paarse fioletowy fioletowa viola morado morada",
    "beige": "beige beżowy beżowa",
}


def _by_word(nouns: dict[str, str]) -> dict[str, str]:
    spelled: dict[str, str] = {}
    for noun, spellings in nouns.items():
        for spelling in spellings.split("|") if "|" in spellings else spellings.split():
            spelled.setdefault(spelling, noun)
    return spelled


# By spelling, in lower case; some are of two words.
PRODUCT_NOUNS = _by_word(_NOUNS)
COLOURS = _by_word(_COLOURS)
# Part of a name where titles write it so: The North Face, Le Creuset.
_ARTICLES = "the le la les l el los las il lo gli der die das de het"
ARTICLES = frozenset(_ARTICLES.split())

STOP_WORDS: frozenset[str] = frozenset(
    word
    for words in (_ENGLISH, _FRENCH, _GERMAN, _DUTCH, _POLISH, _ITALIAN, _SPANISH, _MARKET)
    for word in words.split()
    # These tell products apart: an iPhone 8 plus, a Chanel n° 5.
    if word not in {"plus", "n"}
)
