"""Which species a site protects, however an observer or a detector may write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from hub.records.reference import Individual

# What people and detectors call animals that are often protected. An individual's attribute ``vernacular_name``
# adds to this.
VERNACULAR: dict[tuple[str, str], tuple[str, ...]] = {
    ("panthera", "pardus"): ("leopard", "леопард", "барс"),
    ("panthera", "tigris"): ("tiger", "тигр"),
    ("panthera", "uncia"): ("snow leopard", "ounce", "снежный барс", "ирбис"),
    ("panthera", "leo"): ("lion", "лев"),
    ("panthera", "onca"): ("jaguar", "ягуар"),
    ("neofelis", "nebulosa"): ("clouded leopard", "дымчатый леопард"),
    ("acinonyx", "jubatus"): ("cheetah", "гепард"),
    ("lynx", "lynx"): ("lynx", "рысь"),
    ("lynx", "pardinus"): ("iberian lynx", "lynx"),
    ("lycaon", "pictus"): ("african wild dog", "painted dog", "wild dog"),
    ("cuon", "alpinus"): ("dhole", "красный волк"),
    ("ursus", "arctos"): ("brown bear", "grizzly bear", "grizzly", "bear", "бурый медведь", "медведь"),
    ("ursus", "thibetanus"): ("asiatic black bear", "black bear", "bear", "гималайский медведь", "медведь"),
    ("ailuropoda", "melanoleuca"): ("giant panda", "panda", "панда"),
    ("loxodonta", "africana"): ("elephant", "слон"),
    ("loxodonta", "cyclotis"): ("elephant", "слон"),
    ("elephas", "maximus"): ("elephant", "слон"),
    ("diceros", "bicornis"): ("rhino", "rhinoceros", "носорог"),
    ("ceratotherium", "simum"): ("rhino", "rhinoceros", "носорог"),
    ("rhinoceros", "unicornis"): ("rhino", "rhinoceros", "носорог"),
    ("gorilla", "beringei"): ("gorilla", "горилла"),
    ("gorilla", "gorilla"): ("gorilla", "горилла"),
    ("pan", "troglodytes"): ("chimpanzee", "шимпанзе"),
    ("saiga", "tatarica"): ("saiga", "сайгак"),
}
# Between a genus and nothing that could be called a species.
_NO_SPECIES = frozenset({"", "sp", "sp.", "spp", "spp.", "species"})
_DOUBT = frozenset({"cf", "cf.", "aff", "aff."})
_BREAKS = re.compile(r"[\s_;,/-]+")


@lru_cache(4_096)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in lower case, without subgenus and without words of doubt."""
    words = _BREAKS.split(name.casefold())
    return tuple(word for word in words if word and not word.startswith("(") and word not in _DOUBT)


def binomial(name: str) -> tuple[str, str]:
    """(genus, species) of a scientific name, the species empty where there is none: a subspecies is its species."""
    genus, species = (*words_of(name), "", "")[:2]
    return genus, "" if species in _NO_SPECIES else species


class Protected:
    """The species of a site's sensitive individuals."""

    def __init__(self, individuals: Iterable[Individual]) -> None:
        self._species: set[tuple[str, str]] = set()
        self._called: set[tuple[str, ...]] = set()
        for one in individuals:
            if not one.sensitive:
                continue
            vernacular = one.attributes.get("vernacular_name")
            called = [*VERNACULAR.get(binomial(one.scientific_name), ()), vernacular]
            self._called |= {words_of(name) for name in called if isinstance(name, str) and words_of(name)}
            if one.scientific_name.strip():
                self._species.add(binomial(one.scientific_name))
        self._genera = {genus for genus, _ in self._species}

    def named_by(self, name: str | None) -> bool:
        """Is this name, scientific or not, that of a protected species, of a part of it, or of its genus?

        "Amur leopard" is a leopard, a "leopard cat" is none: what a name says last is what the animal is.
        """
        if not name:
            return False
        genus, species = binomial(name)
        if (genus, species) in self._species or (genus, "") in self._species:
            return True
        if not species and genus in self._genera:
            return True
        words = words_of(name)
        return any(words[-len(called) :] == called for called in self._called)
