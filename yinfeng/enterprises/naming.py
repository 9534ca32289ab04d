"""The parts of a Chinese company name, and whether two names may belong to one enterprise.

A registered name is 行政区划 + 字号 + 行业 + 组织形式 (企业名称登记管理规定): 厦门 金龙 汽车 有限公司. Place and brand can
change their order or stand in brackets; a branch adds its own end. ``parse`` takes a name apart by word lists, so a brand
that is itself made of such words stays whole. ``compare`` applies a few rules, each with the sentence that the reader of a
duplicate warning sees. It never looks for a brand inside another one (信诺 is not 维信诺), nor for slips of one character:
among 6,191 listed companies 186 pairs of names differ by one character of the stem, all of them different firms.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

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
_LONGEST_TRADE = max(map(len, _TRADE_WORDS))

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
_GROUPS = ("企业集团", "控股集团", "集团控股", "集团", "控股")
_LATIN_FORMS = {
    "limited": "ltd", "ltd": "ltd", "incorporated": "inc", "inc": "inc", "corporation": "corp", "corp": "corp",
    "company": "co", "co": "co", "llc": "llc", "llp": "llp", "lp": "lp", "plc": "plc", "gmbh": "gmbh", "ag": "ag",
    "se": "se", "sa": "sa", "nv": "nv", "bv": "bv", "pte": "pte", "group": "group", "holdings": "holdings",
}  # fmt: skip

_BRACKETS = re.compile(r"[(〔【\[]([^()〔〕【】\[\]]*)[)〕】\]]")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_BRANCH_WORD = re.compile(
    r"(第?[0-9一二三四五六七八九十]*)(分公司|支公司|分行|支行|分厂|分店|分所|分院|分部|办事处|代表处|营业部|营业厅)$"
)
_HEAD_OF_BRANCH = re.compile(r".+?(?<![分支])公司|.+?银行")


class Places:
    """Names of administrative divisions, by which a name's place is told from its brand."""

    def __init__(self, divisions: Iterable[str] = ()) -> None:
        """Add full names of divisions (思明区, 晋江市, 恩施土家族苗族自治州) to the provinces and cities known here."""
        provinces, cities = _PROVINCES.split(), _CITIES.split()
        self._stems = {stem: stem for stem in [*provinces, *cities, *_COUNTRIES.split()]}
        self._stems |= {stem + "省": stem for stem in provinces}
        self._stems |= {stem + "市": stem for stem in [*cities, "北京", "天津", "上海", "重庆"]}
        for name in map(normalise, divisions):
            self._stems.setdefault(name, name)
        self._longest = max(map(len, self._stems))

    def _sizes(self, text: str) -> range:
        return range(min(self._longest, len(text)), 1, -1)

    def stem(self, text: str) -> str | None:
        """Return the place that ``text`` names, without 省 or 市, or None."""
        return self._stems.get(text)

    def leading(self, text: str) -> int:
        """Return how many characters at the beginning of ``text`` name one place."""
        return next((size for size in self._sizes(text) if text[:size] in self._stems), 0)

    def trailing(self, text: str) -> int:
        """Return how many characters at the end of ``text`` name one place."""
        return next((size for size in self._sizes(text) if text[-size:] in self._stems), 0)


PLACES = Places()


@dataclass(frozen=True, slots=True)
class NameParts:
    """A name taken apart; every part is in normal form.

    ``brand`` is empty where a name has none besides its place and trade (厦门银行). ``key`` is equal for two spellings
    of one registered name, ``stem`` is what stays of it without form and branch. ``alias`` is what stood in brackets
    and belongs to no part, such as a foreign name.
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

    @property
    def core(self) -> str:
        """Brand and trade together."""
        return self.brand + self.trade

    @property
    def is_short(self) -> bool:
        """Whether the name has no legal form, as names have that people use in talking."""
        return not self.form or self.form in _GROUPS


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether two names may mean one enterprise: ``same`` registered name, ``possible`` with a score, or ``none``."""

    level: Literal["same", "possible", "none"]
    score: float
    reason: str | Promise


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row of the library that may be the enterprise that is being entered."""

    id: int
    name: str
    verdict: Verdict


# --- taking a name apart ------------------------------------------------------------------------------------------


def _cut_branch(text: str, places: Places) -> tuple[str, str]:
    """Return the head of a branch's name and the branch: 招商银行股份有限公司 + 厦门分行."""
    word = _BRANCH_WORD.search(text)
    if not word:
        return text, ""
    body = text[: word.start()]
    head = _HEAD_OF_BRANCH.match(body)
    size = head.end() if head else len(body) - places.trailing(body)
    return (text[:size], text[size:]) if size > 1 else (text, "")


def _cut_form(text: str) -> tuple[str, str]:
    """Return a name without its legal form and the unified form, 集团 or 控股 before it included."""
    ending = next((form for form in _FORMS if text.endswith(form) and len(text) > len(form) + 1), "")
    text = text.removesuffix(ending)
    group = next((word for word in _GROUPS if text.endswith(word) and len(text) > len(word) + 1), "")
    return text.removesuffix(group), group + _FORMS.get(ending, "")


def _cut_places(text: str, inside: list[str], places: Places) -> tuple[str, str]:
    """Return a name without the places it begins or ends with, and all its places; two characters stay."""
    found: list[str] = []
    while (size := places.leading(text)) and len(text) - size > 1:
        found.append(places.stem(text[:size]) or "")
        text = text[size:]
    found += [places.stem(name) or "" for name in inside]
    if (size := places.trailing(text)) and len(text) - size > 1:
        found.append(places.stem(text[-size:]) or "")
        text = text[:-size]
    return text, "".join(dict.fromkeys(found))


def _cut_trades(core: str) -> tuple[str, str]:
    """Return brand and trade: the longest trade words from the end, as long as two characters or none at all stay."""
    brand = core
    while True:
        sizes = range(min(_LONGEST_TRADE, len(brand)), 1, -1)
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


def parse(name: str, places: Places = PLACES) -> NameParts:
    """Take a company name apart; any text has parts, if only a brand."""
    text, normalised = unicodedata.normalize("NFKC", name).strip(), normalise(name)
    bracketed: list[str] = []
    aliases: list[str] = []

    def inside(bracket: re.Match[str]) -> str:
        content = normalise(bracket[1])
        if places.stem(content):
            bracketed.append(content)
        elif not _CHINESE.search(content) or (bracket.end() == len(text) and content not in _FORMS):
            aliases.append(content)
            return ""
        return content

    plain = _BRACKETS.sub(inside, text)
    if _CHINESE.search(plain):
        head, branch = _cut_branch(normalise(plain), places)
        stem, form = _cut_form(head)
        key = normalised.replace("有限责任公司", "有限公司").replace("股份公司", "股份有限公司")
    else:
        branch = ""
        stem, form = _cut_latin_form(plain)
        key = "".join([stem, form, *aliases])
    core = stem
    for content in bracketed:
        core = core.replace(content, "", 1)
    core, place = _cut_places(core, bracketed, places)
    brand, trade = _cut_trades(core)
    return NameParts(place, brand, trade, form, branch, normalised, key, stem, "".join(aliases))


# --- comparing ----------------------------------------------------------------------------------------------------

_SAME = Verdict("same", 1.0, _("登记名称相同"))
_NONE = Verdict("none", 0.0, _("没有相同之处"))


def _possible(score: float, reason: str | Promise) -> Verdict:
    return Verdict("possible", score, reason)


def _compatible(a: str, b: str) -> bool:
    """Say whether two places may be one: equal, or one within the other (福建厦门, 厦门)."""
    return a in b or b in a


def _compare_rest(a: NameParts, b: NameParts) -> tuple[float, Promise]:
    """Return score and reason for two names that are equal but for what follows the stem."""
    if a.branch != b.branch:
        return 0.85, _("同一企业的总部与分支机构，或它的两个分支机构")
    if a.form != b.form:
        return 0.95, _("只有公司形式不同")
    return 0.95, _("除括号中的说明外名称相同")


def compare(a: NameParts, b: NameParts) -> Verdict:
    """Judge whether two names may mean one enterprise; the first rule that holds decides.

    The scores order the rules for the reader of a list; they are not probabilities.
    """
    if not a.core or not b.core:
        return _NONE
    if a.key == b.key:
        return _SAME
    if a.stem == b.stem:
        return _possible(*_compare_rest(a, b))
    if (a.alias and a.alias in {b.normalised, b.alias}) or (b.alias and b.alias == a.normalised):
        return _possible(0.9, _("括号中的名称相同"))
    near = _compatible(a.place, b.place)
    if a.core == b.core:
        if a.place == b.place:
            return _possible(0.95, _("只有地名的位置或公司形式不同"))
        if near:
            return _possible(0.9, _("字号和行业相同，一方未写地区"))
        # 厦门银行 and 上海银行 have nothing in common but their trade.
        return _possible(0.6, _("字号和行业相同，地区不同")) if a.brand else _NONE
    short, full = (a, b) if len(a.core) < len(b.core) else (b, a)
    abbreviated = short.is_short and full.core.startswith(short.core) and len(short.core) >= len(full.brand)
    if abbreviated and (near if full.brand else a.place == b.place):
        return _possible(0.8, _("像是简称：字号相同，行业未写全"))
    if a.brand != b.brand or not a.brand:
        return _NONE
    if a.place == b.place and short.trade and full.core.startswith(short.core):
        return _possible(0.7, _("字号和地区相同，行业写法不同"))
    if a.place and a.place == b.place:
        return _possible(0.5, _("字号和地区相同，行业不同"))
    if short.is_short and not short.trade:
        return _possible(0.4, _("字号相同，地区不同"))
    return _NONE


def score_candidates(name: str, rows: Iterable[tuple[int, str]], places: Places = PLACES) -> list[Candidate]:
    """Return the rows (id, name) that may be the enterprise ``name``, likeliest first.

    An id may come with several names, present and former; the one that fits best speaks for it.
    """
    wanted = parse(name, places)
    best: dict[int, Candidate] = {}
    for row_id, row_name in rows:
        verdict = compare(wanted, parse(row_name, places))
        if verdict.level != "none" and (row_id not in best or verdict.score > best[row_id].verdict.score):
            best[row_id] = Candidate(row_id, row_name, verdict)
    return sorted(
        best.values(), key=lambda candidate: (-candidate.verdict.score, candidate.name, candidate.id)
    )
