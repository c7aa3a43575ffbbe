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

STOP_WORDS: frozenset[str] = frozenset(
    word
    for words in (_ENGLISH, _FRENCH, _GERMAN, _DUTCH, _POLISH, _ITALIAN, _SPANISH, _MARKET)
    for word in words.split()
    # These tell products apart: an iPhone 8 plus, a Chanel n° 5.
    if word not in {"plus", "n"}
)
