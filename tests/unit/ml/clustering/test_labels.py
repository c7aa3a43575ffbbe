"""Names of clusters and themes."""

from __future__ import annotations

import numpy as np

from ml.clustering.labels import describe_clusters, label_clusters
from ml.clustering.listings import Listings
from ml.clustering.products import cluster_products
from ml.clustering.synthetic import generate
from ml.clustering.themes import cluster_themes

_TITLES = [
    "Apple iPhone X 64GB space grey unlocked",
    "apple iPhone X 64GB silver",
    "NEW Apple iPhone X 64GB gold",
    "Montre Omega Speedmaster Professional 145.022 pour homme",
    "Omega Speedmaster 145.022 moonwatch avec boîte",
    "Omega Speedmaster Professional ref 145.022",
    "Red dress",
    "Blue shoes",
]
_LABELS = np.array([0, 0, 0, 1, 1, 1, 2, 2])


def _names(brands: list[str] | None = None) -> tuple[str, ...]:
    first = np.array([True, False, False, True, False, False, True, False])
    return label_clusters(Listings([str(row) for row in range(8)], _TITLES, brands=brands), _LABELS, first)


def test_names_hold_the_words_and_numbers_that_tell_clusters_apart_as_titles_spell_them() -> None:
    phone, watch, _ = _names()
    assert phone == "Apple iPhone X 64GB"
    assert watch == "Omega Speedmaster Professional 145.022"


def test_stop_words_of_the_sites_languages_are_left_out() -> None:
    assert not {"pour", "avec", "ref", "new"} & {word.lower() for name in _names()[:2] for word in name.split()}


def test_a_cluster_without_common_words_is_called_as_its_representative() -> None:
    assert _names()[2] == "Red dress"


def test_the_brand_comes_first_unless_it_says_nothing() -> None:
    brands = ["Apple Inc."] * 3 + ["OMEGA"] * 2 + ["other"] + ["Other"] * 2
    phone, watch, clothes = _names(brands)
    assert phone.startswith("Apple Inc. ")
    assert watch == "OMEGA Speedmaster Professional 145.022"
    assert clothes == "Red dress"


def test_names_do_not_depend_on_the_order_of_rows_and_stay_short() -> None:
    made = generate(300, seed=2)
    listings = Listings([f"{row:03d}" for row in range(300)], made.titles)
    found = cluster_products(listings)
    order = np.random.default_rng(0).permutation(300)
    mixed = Listings([listings.ids[row] for row in order], [made.titles[row] for row in order])
    again = label_clusters(mixed, found.labels[order], found.representative[order])
    names = label_clusters(listings, found.labels, found.representative)
    assert names == again
    assert len(names) == found.n_clusters
    assert all(0 < len(name) <= 60 for name in names)


def test_themes_hold_whole_products_of_one_group_and_are_fewer() -> None:
    made = generate(600, seed=6)
    group = [str(kind % 2) for kind in made.kinds]
    listings = Listings([str(row) for row in range(600)], made.titles, groups=group)
    products = cluster_products(listings)
    themes = cluster_themes(listings, products)
    for label in range(products.n_clusters):
        assert len(set(themes.labels[products.labels == label].tolist())) == 1
    for label in range(themes.n_clusters):
        assert len({group[row] for row in np.flatnonzero(themes.labels == label)}) == 1
    assert 0 < themes.n_clusters < products.n_clusters
    inside = themes.labels >= 0
    assert ((themes.probability[inside] > 0) & (themes.probability[inside] <= 1 + 1e-6)).all()
    assert inside.sum() > (products.labels >= 0).sum()


def test_vectors_bring_together_what_no_word_shows() -> None:
    titles = ["sac à main", "handbag", "Handtasche", "drill driver", "combi drill", "Bohrmaschine"]
    vectors = np.repeat(np.eye(2, dtype=np.float32), 3, axis=0)
    listings = Listings(list("abcdef"), titles, vectors=vectors)
    themes = cluster_themes(listings, cluster_products(listings))
    assert themes.labels.tolist() == [0, 0, 0, 1, 1, 1] or themes.labels.tolist() == [1, 1, 1, 0, 0, 0]


def _one_name(titles: list[str], brands: list[str] | None = None) -> str:
    first = np.array([True] + [False] * (len(titles) - 1))
    listings = Listings([str(row) for row in range(len(titles))], titles, brands=brands)
    (name,) = label_clusters(listings, np.zeros(len(titles), dtype=np.int64), first)
    return name


def test_an_apostrophe_does_not_tear_a_name_apart() -> None:
    assert _one_name(["Levi's 501 W34", "LEVIS 501 W34", "Levi\u2019s 501 W34", "levi`s 501 W34"]) == "Levi's 501 W34"
    assert _one_name(["Levis 501 W34", "levis 501 W34"], ["Levi's", "Levi's"]) == "Levi's 501 W34"


def test_a_word_that_few_titles_have_is_no_part_of_the_name_nor_the_same_in_two_languages() -> None:
    titles = ["Jean Diesel Larkee", "Jean Diesel Larkee", "Spijkerbroek Diesel Larkee", "Broek Diesel Larkee", "Larkee"]
    assert _one_name(titles, ["Diesel"] * 5) == "Diesel Larkee"
    assert _one_name(["Sneaker Samba 42", "Sneakers Samba 42"] * 2) == "Sneaker Samba 42"


def test_the_brand_that_one_listing_alone_was_given_is_not_the_clusters() -> None:
    titles = ["North Face Nuptse 1996"] * 5
    assert _one_name(titles, ["Adidas", "", "", "", ""]) == "North Face Nuptse 1996"
    assert _one_name(titles, ["North Face", "", "", "", ""]) == "North Face Nuptse 1996"


def test_the_words_of_a_name_come_best_first() -> None:
    first = np.array([True, False, False, True, False, False, True, False])
    listings = Listings([str(row) for row in range(8)], _TITLES)
    phone, watch, clothes = describe_clusters(listings, _LABELS, first)
    assert phone.name == "Apple iPhone X 64GB"
    assert set(phone.terms) == {"x", "iphone", "64gb"}
    assert {"145.022", "speedmaster"} <= set(watch.terms)
    assert clothes.terms == ()


def test_a_name_is_what_a_person_would_call_it() -> None:
    consoles = [
        "Konsole Nintendo Switch OLED noir",
        "Consola Nintendo Switch OLED negro rara",
        "Nintendo Switch OLED black",
    ]
    assert _one_name(consoles, ["Nintendo"] * 3) == "Nintendo Switch OLED Black"
    covers = ["Custodia per Nintendo Switch OLED", "Custodia Nintendo Switch OLED", "Custodia per Nintendo Switch"]
    assert _one_name(covers, ["Nintendo"] * 3) == "Custodia Nintendo Switch OLED"
    nuptse = ["Doudoune The North Face Nuptse", "The North Face Nuptse 700", "Piumino the north face Nuptse"]
    assert _one_name(nuptse) == "The North Face Nuptse"


def test_a_brand_that_nobody_writes_with_a_capital_gets_one() -> None:
    assert _one_name(["levi's 501 W32", "jeans levi's 501", "levi's 501"], ["levi's"] * 3) == "Levi's 501"
    assert _one_name(["dr. martens 1460", "dr martens 1460"], ["dr. martens"] * 2) == "Dr. Martens 1460"
