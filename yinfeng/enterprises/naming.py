"""The parts of a Chinese company name, and whether two names may belong to one enterprise.

A registered name is 行政区划 + 字号 + 行业 + 组织形式 (企业名称登记管理规定): 厦门 金龙 汽车 有限公司. Place and brand can
change their order or stand in brackets; a branch adds its own end. ``parse`` takes a name apart by word lists, so a brand
that is itself made of such words stays whole. ``compare`` applies a few rules to two names, each with the sentence that the
reader of a duplicate warning sees. It never looks for a brand inside another one (信诺 is not 维信诺), and a slip of one
character never makes two names the same: among 6,191 listed companies 186 pairs of names differ by one character of the
stem, all of them different firms. Whether a short name means one firm and no other, only the whole library can tell:
``matching.decide``.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Literal

import pypinyin
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rapidfuzz.distance import OSA

from yinfeng.core.text import normalise

# Provinces and prefecture-level divisions (GB/T 2260) as they stand in names, without 省, 市 …; left out is 阿里 (阿里巴巴).
_PROVINCES = """
中国 北京 天津 河北 山西 内蒙古 辽宁 吉林 黑龙江 上海 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 广西 海南 重庆 四川 贵州 云南 西藏
陕西 甘肃 青海 宁夏 新疆 香港 澳门 台湾
"""
_COUNTRIES = """
美国 英国 法国 德国 意大利 西班牙 葡萄牙 荷兰 比利时 瑞士 瑞典 挪威 丹麦 芬兰 奥地利 爱尔兰 波兰 捷克 俄罗斯 日本 韩国 新加坡 马来西亚 泰国 印度
印度尼西亚 印尼 越南 菲律宾 以色列 土耳其 沙特 阿联酋 南非 埃及 加拿大 墨西哥 巴西 智利 阿根廷 澳大利亚 新西兰
"""
_CITIES = """
石家庄 唐山 秦皇岛 邯郸 邢台 保定 张家口 承德 沧州 廊坊 衡水 太原 大同 阳泉 长治 晋城 朔州 晋中 运城 忻州 临汾 吕梁 呼和浩特 包头 乌海 赤峰
通辽 鄂尔多斯 呼伦贝尔 巴彦淖尔 乌兰察布 兴安 锡林郭勒 阿拉善 沈阳 大连 鞍山 抚顺 本溪 丹东 锦州 营口 阜新 辽阳 盘锦 铁岭 朝阳 葫芦岛 长春
四平 辽源 通化 白山 松原 白城 延边 哈尔滨 齐齐哈尔 鸡西 鹤岗 双鸭山 大庆 伊春 佳木斯 七台河 牡丹江 黑河 绥化 大兴安岭 南京 无锡 徐州 常州
苏州 南通 连云港 淮安 盐城 扬州 镇江 泰州 宿迁 杭州 宁波 温州 嘉兴 湖州 绍兴 金华 衢州 舟山 台州 丽水 合肥 芜湖 蚌埠 淮南 马鞍山 淮北 铜陵
安庆 黄山 滁州 阜阳 宿州 六安 亳州 池州 宣城 福州 厦门 莆田 三明 泉州 漳州 南平 龙岩 宁德 南昌 景德镇 萍乡 九江 新余 鹰潭 赣州 吉安 宜春
抚州 上饶 济南 青岛 淄博 枣庄 东营 烟台 潍坊 济宁 泰安 威海 日照 临沂 德州 聊城 滨州 菏泽 郑州 开封 洛阳 平顶山 安阳 鹤壁 新乡 焦作 濮阳
许昌 漯河 三门峡 南阳 商丘 信阳 周口 驻马店 武汉 黄石 十堰 宜昌 襄阳 鄂州 荆门 孝感 荆州 黄冈 咸宁 随州 恩施 长沙 株洲 湘潭 衡阳 邵阳 岳阳
常德 张家界 益阳 郴州 永州 怀化 娄底 湘西 广州 韶关 深圳 珠海 汕头 佛山 江门 湛江 茂名 肇庆 惠州 梅州 汕尾 河源 阳江 清远 东莞 中山 潮州
揭阳 云浮 南宁 柳州 桂林 梧州 北海 防城港 钦州 贵港 玉林 百色 贺州 河池 来宾 崇左 海口 三亚 三沙 儋州 成都 自贡 攀枝花 泸州 德阳 绵阳 广元
遂宁 内江 乐山 南充 眉山 宜宾 广安 达州 雅安 巴中 资阳 阿坝 甘孜 凉山 贵阳 六盘水 遵义 安顺 毕节 铜仁 黔西南 黔东南 黔南 昆明 曲靖 玉溪 保山
昭通 丽江 普洱 临沧 楚雄 红河 文山 西双版纳 大理 德宏 怒江 迪庆 拉萨 日喀则 昌都 林芝 山南 那曲 西安 铜川 宝鸡 咸阳 渭南 延安 汉中 榆林 安康
商洛 兰州 嘉峪关 金昌 白银 天水 武威 张掖 平凉 酒泉 庆阳 定西 陇南 临夏 甘南 西宁 海东 海北 黄南 果洛 玉树 海西 银川 石嘴山 吴忠 固原 中卫
乌鲁木齐 克拉玛依 吐鲁番 哈密 昌吉 博尔塔拉 巴音郭楞 阿克苏 克孜勒苏 喀什 和田 伊犁 塔城 阿勒泰
"""

# Words for what a firm does or is, as they follow the brand. Longest match, from the end, again and again.
_TRADES = """
科技 技术 高科 高新 新技术 高新技术 信息 信息技术 网络 互联网 软件 数据 大数据 云计算 人工智能 智能 智能科技 数字 数码 电子 微电子 光电
半导体 集成电路 电路 器件 元器件 通信 通讯 电信 系统 系统集成 集成 自动化 机器人 物联网 激光 光学 光伏 太阳能 显示 照明 传感 导航
生物 生物科技 生物技术 生物医药 基因 医药 药业 制药 医疗 医疗器械 器械 医学 医院 健康 大健康 中药 化学 化工 石化 石油 石油化工 材料 新材料 新材
复合材料 高分子 塑料 塑胶 橡胶 橡塑 涂料 玻璃 陶瓷 水泥 建材 建筑材料 钢铁 特钢 钢构 钢管 有色 有色金属 金属 合金 铝业 铜业 钛业 锂业 钨业
硅业 矿业 煤业 煤电 黄金 稀土 冶炼 铸造 能源 新能源 清洁能源 电力 热电 核电 水电 发电 电网 燃气 天然气 水务 环保 环境 节能 节能环保 生态 资源
再生资源 工业 制造 智造 机械 机电 机器 机床 重工 重型 精工 精密 精机 装备 设备 工程机械 电气 电器 电机 电缆 线缆 电池 电源 仪器 仪表 仪器仪表
模具 轴承 阀门 泵业 液压 动力 传动 控制 工具 部件 零部件 配件 汽配 汽车 汽车零部件 客车 车辆 机车 轨道交通 交通 船舶 航空 航天 铁路 公路 高速公路
路桥 港口 港务 机场 航运 海运 运输 物流 速运 快递 仓储 供应链 供应链管理 进出口 国际贸易 贸易 外贸 商贸 工贸 经贸 物资 商业 商务 电子商务
百货 超市 连锁 零售 销售 营销 购物 食品 饮料 乳业 酒业 啤酒 葡萄酒 茶业 粮油 种业 农业 农牧 牧业 饲料 渔业 水产 林业 木业 纸业 农化 化肥 肥业
纺织 服装 服饰 制衣 鞋业 家居 家具 家私 装饰 装饰工程 装修 家纺 用品 制品 日化 化妆品 珠宝 玩具 文具 体育 包装 印刷 印务
建设 建设工程 建筑 建筑工程 建工 城建 工程 安装 市政 园林 绿化 景观 设计 规划 勘测 勘察 监理 测绘 房地产 地产 置业 置地 物业 物业管理 开发
房地产开发 投资 投资管理 创业投资 股权投资 资本 资产 资产管理 基金 基金管理 财富 金融 银行 证券 期货 信托 保险 财产保险 人寿保险 人寿 租赁 融资租赁
担保 典当 小额贷款 支付 财务 会计 税务 法律 经纪 代理 招标 拍卖 咨询 顾问 管理咨询 企业管理 企业管理咨询 管理 服务 技术服务 人力资源 劳务 培训 教育
学校 文化 文化传播 文化传媒 传媒 传播 影视 影业 娱乐 游戏 动漫 出版 广告 会展 展览 旅游 酒店 餐饮 电影 艺术 创意 策划
实业 产业 发展 经济发展 科技发展 企业 事业 商社 贸发 研究 研究院 研究所 设计院 设计研究院 检测 检验 认证 技术开发 研发 运营 经营 合作 联合 国际
计算机 电子商务 电商 互动 信息服务 信息网络 广播电视 资讯 新媒体 图书 安防 消防 水利 农产品 纺织品 化纤 电动车 摩托车 灯饰 时装 药房 大药房 新药
密封件 商城 商场 维修 修理 货运 家政 展示 科学 农村商业银行 商业银行 高速
"""

_TRADE_WORDS = frozenset(_TRADES.split())

# Legal forms at the end of a name → the one form that stands for them when names are compared.
_FORMS = {
    "股份有限公司": "股份有限公司",
    "股份公司": "股份有限公司",
    "有限责任公司": "有限公司",
    "有限公司": "有限公司",
    "总公司": "公司",
    "公司": "公司",
    "合伙企业有限合伙": "有限合伙",
    "合伙企业普通合伙": "普通合伙",
    "特殊普通合伙": "普通合伙",
    "普通合伙": "普通合伙",
    "有限合伙": "有限合伙",
    "合伙企业": "合伙企业",
    "个人独资企业": "个人独资企业",
    "农民专业合作社": "合作社",
    "专业合作社": "合作社",
    "合作社": "合作社",
    "事务所": "事务所",
    "总厂": "厂",
    "厂": "厂",
    # cut short in talking
    "有限责任": "",
    "有限": "",
    "股份": "",
}
# Of a legal form cut short in writing (…有限责任, …股份, 长城汽车天津分) these characters can stay.
_FORM_LETTERS = frozenset("集团控股份有限责任总分公司")
_FORM_ENDS = {form[-1]: tuple(other for other in _FORMS if other[-1] == form[-1]) for form in _FORMS}
_GROUPS = ("企业集团", "控股集团", "集团控股", "集团", "控股")
# Forms that a name keeps in talking: 洋河酒厂 for 江苏洋河酒厂股份有限公司.
_TALKED = frozenset(("厂", "事务所", "合作社"))
_LATIN_FORMS = {
    "limited": "ltd", "ltd": "ltd", "incorporated": "inc", "inc": "inc", "corporation": "corp", "corp": "corp",
    "company": "co", "co": "co", "llc": "llc", "llp": "llp", "lp": "lp", "plc": "plc", "gmbh": "gmbh", "ag": "ag",
    "se": "se", "sa": "sa", "nv": "nv", "bv": "bv", "pte": "pte", "group": "group", "holdings": "holdings",
}  # fmt: skip

# What a short name may leave out of a full one.
_OPTIONAL = _TRADE_WORDS | {"集团", "控股", "股份", "总公司", "公司", "企业"}

_INSIDE = r"[^()〔〕【】\[\]]*"
_BRACKETS = re.compile(rf"[(〔【\[]({_INSIDE}(?:[(〔【\[]{_INSIDE}[)〕】\]]{_INSIDE})*)[)〕】\]]")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_ONLY_CHINESE = re.compile(r"[\u3400-\u9fff]+")
_LONGEST_PLACE = 8
_COUNTY = re.compile(r"(?:地区|区|县|市|旗|盟)$")

_BRANCH_WORD = re.compile(
    r"(?:分公司|支公司|分行|支行|分厂|分店|分所|分院|分部|办事处|代表处|营业部|营业厅)$"
)
_NUMBERS = "0123456789一二三四五六七八九十"
_HEAD_OF_BRANCH = re.compile(r".+?(?<![分支])公司|.+?银行")


def _sizes(words: Iterable[str], part: slice) -> dict[str, tuple[int, ...]]:
    """Return for the two characters that words begin (or end) with how long such words are, the longest first."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    for word in words:
        found[word[part]].add(len(word))
    return {key: tuple(sorted(sizes, reverse=True)) for key, sizes in found.items()}


class Places:
    """Names of administrative divisions (GB/T 2260), by which a name's place is told from its brand.

    A county counts by its full name (集美区), and without 区, 县, 市 behind the city or province it lies in (厦门集美):
    alone most such words are brands, too.
    """

    def __init__(self, divisions: Iterable[tuple[str, str]] = ()) -> None:
        """Add divisions (code, full name) to the provinces, cities and countries known here."""
        provinces, cities = _PROVINCES.split(), _CITIES.split()
        self._stems = {stem: stem for stem in [*provinces, *cities, *_COUNTRIES.split()]}
        self._stems |= {stem + "省": stem for stem in provinces}
        self._stems |= {stem + "市": stem for stem in [*cities, "北京", "天津", "上海", "重庆"]}
        rows = [(code, normalise(name)) for code, name in divisions]
        above = {code: self._stems.get(name, "") for code, name in rows if code.endswith("00")}
        above |= {
            code[:2]: stem for code, name in rows if code.endswith("0000") and (stem := self._stem_of(name))
        }
        within: defaultdict[str, set[str]] = defaultdict(set)
        for code, name in rows:
            stem = _COUNTY.sub("", name)
            if code.endswith("00"):  # 内蒙古自治区, 甘孜藏族自治州: as the short name, where there is one
                self._stems.setdefault(name, self._stem_of(name) or stem)
                continue
            if len(stem) < 2:
                continue
            self._stems.setdefault(name, stem)
            for upper in (above.get(code[:4] + "00"), above.get(code[:2])):
                if upper:
                    within[upper].add(stem)
        self._within = {upper: sorted(stems, key=len, reverse=True) for upper, stems in within.items()}
        self._beginning, self._ending = _sizes(self._stems, slice(2)), _sizes(self._stems, slice(-2, None))

    def _stem_of(self, name: str) -> str:
        """Return the known place that a name begins with (内蒙古自治区, 甘孜藏族自治州)."""
        return next((name[:size] for size in range(len(name), 1, -1) if name[:size] in self._stems), "")

    def stem(self, text: str) -> str | None:
        """Return the place that ``text`` names, without 省 or 市, or None."""
        return self._stems.get(text)

    def leading(self, text: str, behind: str = "") -> tuple[int, str]:
        """Return how many characters at the beginning of ``text`` name one place, and that; ``behind`` is the place before."""
        for size in self._beginning.get(text[:2], ()):
            if found := self._stems.get(text[:size]):
                return size, found
        for stem in self._within.get(behind, ()) if behind else ():
            if text.startswith(stem):
                return len(stem), stem
        return 0, ""

    def trailing(self, text: str) -> int:
        """Return how many characters at the end of ``text`` name one place."""
        return next((size for size in self._ending.get(text[-2:], ()) if text[-size:] in self._stems), 0)

    def split(self, text: str) -> str | None:
        """Return ``text`` as places without 省, 市, 区 if it is nothing but places (福建厦门, 厦门市集美区), else None."""
        found: list[str] = []
        while text:
            size, stem = self.leading(text, found[-1] if found else "")
            if not size:
                return None
            found.append(stem)
            text = text[size:]
        return "".join(found) or None


def _divisions() -> Iterator[tuple[str, str]]:
    lines = files("yinfeng.enterprises").joinpath("divisions.csv").read_text(encoding="utf-8").splitlines()
    for line in lines[1:]:
        code, name = line.split(",")
        yield code, name


PLACES = Places(_divisions())


@dataclass(frozen=True, slots=True)
class NameParts:
    """A name taken apart; every part is in normal form.

    ``brand`` is empty where a name has none besides its place and trade (厦门银行). ``key`` is equal for two spellings
    of one registered name, ``head`` is the key without the branch, ``stem`` what stays of it without form and branch.
    ``alias`` is what stood in brackets and belongs to no part, such as a foreign name; ``plain`` is the name without it.
    """

    place: str
    brand: str
    trade: str
    form: str
    branch: str
    normalised: str
    key: str
    stem: str
    alias: str = ""
    plain: str = ""
    head: str = ""
    group: str = ""

    @property
    def words(self) -> str:
        """The name as it stands, without its legal form."""
        return self.stem + self.group

    @property
    def core(self) -> str:
        """Brand and trade together."""
        return self.brand + self.trade

    @property
    def is_short(self) -> bool:
        """Whether the name has no legal form, as names have that people use in talking."""
        return not self.form or self.form in _GROUPS or self.form in _TALKED

    @property
    def is_group(self) -> bool:
        return bool(self.group)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether two names may mean one enterprise: ``same`` registered name, ``possible`` with a score, or ``none``.

    A possible one that ``settles`` means the enterprise if no other in the library fits as well. One with a score although
    the level is none is linked: a branch, a head office.
    """

    level: Literal["same", "possible", "none"]
    score: float
    reason: str | Promise
    settles: bool = False


# --- taking a name apart ------------------------------------------------------------------------------------------


def _cut_branch(text: str, places: Places) -> tuple[str, str]:
    """Return the head of a branch's name and the branch: 招商银行股份有限公司 + 厦门分行."""
    word = _BRANCH_WORD.search(text)
    if not word:
        return text, ""
    body = text[: word.start()].rstrip(_NUMBERS).removesuffix("第")
    head = _HEAD_OF_BRANCH.match(body)
    size = head.end() if head else len(body) - places.trailing(body)
    return (text[:size], text[size:]) if size > 1 else (text, "")


def _cut_form(text: str) -> tuple[str, str, str]:
    """Return a name without its legal form, 集团 or 控股 before it, and the unified form."""
    ending = next(
        (form for form in _FORM_ENDS.get(text[-1:], ()) if text.endswith(form) and len(text) > len(form) + 1),
        "",
    )
    text = text.removesuffix(ending)
    group = ""
    if text.endswith(("集团", "控股")):
        group = next((word for word in _GROUPS if text.endswith(word) and len(text) > len(word) + 1), "")
    return text.removesuffix(group), group, _FORMS.get(ending, "")


def _cut_places(text: str, inside: list[str], places: Places) -> tuple[str, str]:
    """Return a name without the places it begins or ends with, and all its places; two characters stay."""
    found: list[str] = []
    while (leading := places.leading(text, found[-1] if found else ""))[0] and len(text) - leading[0] > 1:
        found.append(leading[1])
        text = text[leading[0] :]
    found += [places.split(name) or name for name in inside]
    if (size := places.trailing(text)) and len(text) - size > 1:
        found.append(places.stem(text[-size:]) or "")
        text = text[:-size]
    return text, "".join(dict.fromkeys(found))


_TRADE_ENDS = _sizes(_TRADE_WORDS, slice(-2, None))
_OPTIONAL_STARTS = _sizes(_OPTIONAL, slice(2))


def _cut_trades(core: str) -> tuple[str, str]:
    """Return brand and trade: the longest trade words from the end, as long as two characters or none at all stay."""
    brand = core
    while True:
        sizes = _TRADE_ENDS.get(brand[-2:], ())
        size = next((size for size in sizes if brand[-size:] in _TRADE_WORDS), 0)
        if not size or len(brand) - size == 1:
            return brand, core[len(brand) :]
        brand = brand[:-size]


def _cut_latin_form(text: str) -> tuple[str, str]:
    """Return a name in Latin letters without its legal form and the unified form."""
    words = [word for word in map(normalise, re.split(r"[\s,.]+", text)) if word]
    size = len(words)
    while size > 1 and words[size - 1] in _LATIN_FORMS:
        size -= 1
    return "".join(words[:size]), "".join(_LATIN_FORMS[word] for word in words[size:])


def _one_spelling(text: str) -> str:
    return text.replace("有限责任公司", "有限公司").replace("股份公司", "股份有限公司")


def parse(name: str, places: Places = PLACES) -> NameParts:
    """Take a company name apart; any text has parts, if only a brand."""
    text, normalised = unicodedata.normalize("NFKC", name).strip(), normalise(name)
    bracketed: list[str] = []
    aliases: list[str] = []

    def inside(bracket: re.Match[str]) -> str:
        content = normalise(bracket[1])
        within = (
            bracket.end() < len(text)
            and 1 < len(content) <= _LONGEST_PLACE
            and _ONLY_CHINESE.fullmatch(content)
        )
        if places.split(content) or (
            within and not _FORM_LETTERS.issuperset(content) and content not in _FORMS
        ):
            bracketed.append(content)  # what stands in brackets inside a name is a place, even one mistyped
        elif not _CHINESE.search(content) or (bracket.end() == len(text) and content not in _FORMS):
            aliases.append(content)
            return ""
        return content

    plain = _BRACKETS.sub(inside, text)
    whole = normalised if plain == text else normalise(plain)
    if _CHINESE.search(plain):
        head, branch = _cut_branch(whole, places)
        stem, group, form = _cut_form(head)
        key, head = _one_spelling(normalised), _one_spelling(head)
    else:
        branch = ""
        (stem, form), group = _cut_latin_form(plain), ""
        key = head = "".join([stem, form, *aliases])
    core = stem
    for content in bracketed:  # the last one: 厦门艺王（厦门）商业
        before, _found, behind = core.rpartition(content)
        core = before + behind
    core, place = _cut_places(core, bracketed, places)
    brand, trade = _cut_trades(core)
    return NameParts(
        place, brand, trade, group + form, branch, normalised, key, stem, "".join(aliases), whole, head, group
    )


# --- comparing ----------------------------------------------------------------------------------------------------

_SAME = Verdict("same", 1.0, _("登记名称相同"))
_NONE = Verdict("none", 0.0, _("没有相同之处"))
_SHORT = _("像是简称：字号相同，行业未写全")
_SHORT_WITHOUT_PLACE = _("像是简称：未写地区")
_SHORT_OF_FORM = _("像是简称：只少了公司形式")


def compare(a: NameParts, b: NameParts) -> Verdict:
    """Judge whether two names may mean one enterprise; the first rule that holds decides.

    The scores order the answers and say how sure a rule is, from 0 to 1 (how often it was right: ``make bench``). A
    verdict that ``settles`` is as good as the same if nothing else in the library fits as well.
    """
    if not a.core or not b.core:
        return _NONE
    if a.key == b.key:
        return _SAME
    short, full = sorted((a, b), key=lambda parts: (len(parts.plain), parts.plain))
    if short.is_short and not short.branch and _rest_is_form(short.plain, full.plain):
        return _possible(0.95, _SHORT_OF_FORM, settles=True)
    if a.branch != b.branch:
        return _compare_branches(a, b)
    if _is_alias(a, b) or _is_alias(b, a):
        return _possible(0.95, _("括号中的名称相同"), settles=True)
    if a.plain == b.plain:
        return _possible(0.96, _("除括号中的说明外名称相同"), settles=True)
    if short.is_short:
        return (
            _possible(0.95, _SHORT_OF_FORM, settles=True)
            if short.stem == full.stem
            else _compare_short(short, full)
        )
    if a.stem == b.stem and a.is_group == b.is_group:
        return _possible(0.97, _("只有公司形式不同"), settles=True)
    return _compare_full(short, full)


def _possible(score: float, reason: str | Promise, *, settles: bool = False) -> Verdict:
    return Verdict("possible", round(score, 3), reason, settles)


def _is_alias(a: NameParts, b: NameParts) -> bool:
    return bool(a.alias) and a.alias in {b.plain, b.normalised, b.alias}


def _rest_is_form(short: str, full: str) -> bool:
    """Say whether ``full`` is ``short`` followed by nothing but a legal form (南京金箔有限责任 + 公司)."""
    return len(short) > 1 and full.startswith(short) and _FORM_LETTERS.issuperset(full[len(short) :])


def _compatible(a: str, b: str) -> bool:
    """Say whether two places may be one: equal, one within the other (福建厦门, 厦门), or a slip apart (很门集美)."""
    return a in b or b in a or (len(a) == len(b) > 2 and OSA.distance(a, b, score_cutoff=1) <= 1)


def _compare_branches(a: NameParts, b: NameParts) -> Verdict:
    """Judge two names of which one at least is a branch's: linked, but never the same as its head office or a sister."""
    heads = compare(replace(a, key=a.head, branch=""), replace(b, key=b.head, branch=""))
    if heads.score < 0.85:
        return _NONE
    if _branch_key(a.branch) == _branch_key(b.branch):
        return _possible(min(heads.score, 0.95), heads.reason, settles=heads.settles or heads.level == "same")
    if a.branch and b.branch:
        return Verdict("none", 0.2, _("同一企业的两家分支机构，不是同一家"))
    return Verdict("none", 0.3, _("一方是另一方的分支机构，不是同一家"))


def _branch_key(branch: str) -> str:
    return re.sub("[省市第]", "", branch)


# --- full names ---------------------------------------------------------------------------------------------------


def _compare_full(a: NameParts, b: NameParts) -> Verdict:
    """Judge two names with their legal forms."""
    near = _compatible(a.place, b.place)
    if a.core == b.core and (a.brand or a.place == b.place):
        if a.is_group != b.is_group:
            return _possible(0.7 if near else 0.3, _("字号相同，一方是集团公司"))
        if a.place == b.place:
            return _possible(0.96, _("只有地名的位置或公司形式不同"), settles=True)
        if near and a.place and b.place:
            return _possible(0.93, _("字号和行业相同，一方多写了上级地区"), settles=True)
        if not near:  # 厦门银行 and 上海银行, which have no brand, did not come here
            return _possible(0.5, _("字号和行业相同，地区不同"))
        doubt = 0.1 * (len(a.core) < 4) + 0.06 * (a.form != b.form)
        return _possible(0.88 - doubt, _("字号和行业相同，一方未写地区"))
    slip = _compare_spelling(a, b)
    if not a.brand or a.brand != b.brand or slip.score > 0.45:
        return slip
    short, full = (a, b) if len(a.core) < len(b.core) else (b, a)
    if a.place == b.place and _left_out(short.core, full) is not None:
        return _possible(0.55, _("字号和地区相同，行业写法不同"))
    return _possible(0.45, _("字号和地区相同，行业不同")) if a.place and a.place == b.place else _NONE


# --- names as people use them -------------------------------------------------------------------------------------


def _compare_short(short: NameParts, full: NameParts) -> Verdict:
    """Judge a name without legal form against a longer one."""
    near = _compatible(short.place, full.place)
    missing = _left_out(short.core, full)
    if missing is not None:
        less = 0.02 * min(missing, 8)
        if short.place == full.place:
            return _possible(0.94 - less, _SHORT, settles=True)
        if not short.place:
            return _possible(0.90 - less, _SHORT_WITHOUT_PLACE, settles=True)
        if near:
            return _possible(0.73 - less, _SHORT, settles=bool(full.place))
        return _possible(0.4, _("字号相同，地区不同")) if full.brand else _NONE
    slip = _compare_spelling(short, full)
    if slip.score > 0.5:
        return slip
    if near and len(short.core) >= 4 and full.core.startswith(short.core):
        return _possible(0.7, _("与全称的前一部分相同"))
    if short.brand and short.brand == full.brand:
        return (
            _possible(0.5, _("字号相同，行业写法不同")) if near else _possible(0.35, _("字号相同，地区不同"))
        )
    if _is_abbreviation(short.stem, full.place + full.core) or _is_abbreviation(short.core, full.core):
        return _possible(0.5, _("像是缩写"))
    return slip


@lru_cache(maxsize=65_536)
def _pieces(core: str, brand: str) -> tuple[tuple[str, bool], ...]:
    """Return a core's words, and single characters between them, with whether a short name may leave each out.

    Words for trade and group may be left out, but for those the name begins with: there they are the brand.
    """
    found: list[tuple[str, bool]] = []
    at = 0
    while at < len(core):
        sizes = _OPTIONAL_STARTS.get(core[at : at + 2], ())
        size = next((size for size in sizes if core[at : at + size] in _OPTIONAL), 0)
        found.append((core[at : at + (size or 1)], bool(size) and at > 0 and at + size > min(len(brand), 2)))
        at += size or 1
    return tuple(found)


def _left_out(short: str, full: NameParts) -> int | None:
    """Return how many characters of trade words a short name leaves out of a full one; None when it is not made like that.

    Brand and order stay; a trade word may be drawn together (电商 for 电子商务).
    """
    # By how much of the short name is read so far: words may come again, so ways that meet go on as one.
    least = {0: 0}
    for word, optional in _pieces(full.core, full.brand):
        ahead: dict[int, int] = {}
        for at, left in least.items():
            ways = [(at, left + len(word))] if optional else []
            if short.startswith(word, at):
                ways.append((at + len(word), left))
            elif optional and len(word) > 2 and _drawn_together(short[at : at + 2], word):
                ways.append((at + 2, left + len(word) - 2))
            for to, more in ways:
                ahead[to] = min(more, ahead.get(to, more))
        least = ahead
    return least.get(len(short))


def _drawn_together(short: str, word: str) -> bool:
    letters = iter(word)
    return len(short) == 2 and all(letter in letters for letter in short)


def _is_abbreviation(short: str, full: str) -> bool:
    """Say whether a short name takes single characters of a full one in their order, the first one first (中石化, 招行)."""
    if not 2 <= len(short) <= 5 or short[0] != full[:1] or short in full:
        return False
    letters = iter(full)
    return all(letter in letters for letter in short)


# --- slips in typing ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Slip:
    """Where one text differs from another by one character, one too many or too few, or two exchanged."""

    start: int
    typed: str
    was: str

    @property
    def is_likely(self) -> bool:
        """Whether it is one that people make: names are typed by their sound, and characters of one sound are chosen among."""
        return len(self.was) == 2 or (
            len(self.was) == len(self.typed) and _sound(self.was) == _sound(self.typed)
        )

    @property
    def reason(self) -> Promise:
        if len(self.was) == 2:
            return _("两个字的次序不同")
        if len(self.was) != len(self.typed):
            return _("多一个字或少一个字")
        return _("只差一个同音字") if self.is_likely else _("只差一个字")


@lru_cache(maxsize=30_000)
def _sound(letter: str) -> str:
    return str(pypinyin.lazy_pinyin(letter)[0])


def _one_slip(a: str, b: str) -> _Slip | None:
    """Return by what slip ``a`` differs from ``b``, if by one."""
    if abs(len(a) - len(b)) > 1 or a == b:
        return None
    start = next((at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    end = 0
    while end < min(len(a), len(b)) - start and a[-1 - end] == b[-1 - end]:
        end += 1
    typed, was = a[start : len(a) - end], b[start : len(b) - end]
    one = len(typed) < 2 and len(was) < 2
    return _Slip(start, typed, was) if one or (len(was) == 2 and typed == was[::-1]) else None


def _compare_spelling(a: NameParts, b: NameParts) -> Verdict:
    """Judge whether one name is the other with a slip in typing, of the whole or with one place left out."""
    if min(len(a.words), len(b.words)) < 4:
        return _NONE
    # The longer core is the one in which a place was not known again, mistyped as it is.
    a, b = sorted((a, b), key=lambda parts: (-len(parts.core), parts.plain))
    if slip := _one_slip(a.words, b.words):
        found = _possible(_slip_score(b, slip, b.words.find(b.core)), slip.reason)
    elif slip := _one_slip(a.place + a.core + a.group, b.place + b.core + b.group):
        found = _possible(_slip_score(b, slip, len(b.place)), slip.reason)
    elif not (a.place and b.place) and (slip := _one_slip(a.core + a.group, b.core + b.group)):
        found = _possible(_slip_score(b, slip, 0) - 0.2, slip.reason)
    elif _two_slips(a, b):
        found = _possible(0.4 if a.core[:2] == b.core[:2] else 0.3, _("差两个字"))
    else:
        return _NONE
    if a.place and b.place and not _compatible(a.place, b.place):
        return replace(found, score=min(found.score, 0.45))
    return found


def _two_slips(a: NameParts, b: NameParts) -> bool:
    if min(len(a.core), len(b.core)) < 6 or not _compatible(a.place, b.place):
        return False
    return OSA.distance(a.core, b.core, score_cutoff=2) <= 2


def _slip_score(b: NameParts, slip: _Slip, core: int) -> float:
    """Return how sure it is that a difference is a slip: in place and trade nearly, in a brand the more the longer it is."""
    brand = max(len(b.brand), 2)
    if slip.start < core:
        return 0.9
    if slip.start - core >= brand:
        return 0.88 if slip.is_likely else 0.83
    if slip.is_likely:
        return 0.87
    if len(slip.was) != len(slip.typed):
        return 0.84 if brand > 2 else 0.8
    # Another character in a brand of two is most often another brand.
    return 0.74 if brand > 3 else 0.66 if brand == 3 else 0.5 if b.trade else 0.3
