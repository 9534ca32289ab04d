"""What the cells of a column may say, and what they are read as."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from yinfeng.core.errors import Invalid
from yinfeng.core.exchange import values
from yinfeng.core.exchange.columns import UNUSUAL, CellError, Column, Header, ParsedMoney, Reading, usual

YI = Decimal(10) ** 8
INVESTMENT = Column("investment", "总投资", "money", unit="万元", plausible=(Decimal(10) ** 6, 100 * YI))
HEADCOUNT = Column("headcount", "员工人数", "integer", unit="人")
AREA = Column("area", "用地面积", "decimal", unit="㎡")
RATE = Column("rate", "持股比例", "decimal", unit="%")
SHARE = Column("share", "比例", "decimal")
DAY = Column("day", "成立日期", "date")
MOMENT = Column("moment", "会面时间", "datetime")
NATURE = Column(
    "nature",
    "企业性质",
    "choice",
    choices=[("soe", "国有企业"), ("private", "民营企业"), ("C39", "外资企业")],
)


def naive(hour: int, minute: int) -> dt.datetime:
    """Return a time on 1 May 2024 as a workbook has it: without a zone."""
    return dt.datetime.combine(dt.date(2024, 5, 1), dt.time(hour, minute))


def said(column: Column, raw: values.Raw) -> str:
    with pytest.raises(CellError) as refusal:
        column.parse(raw)
    return str(refusal.value)


def sentence_on(column: Column, raw: values.Raw) -> str:
    """Return why the cell is refused, or a full stop if it is read."""
    try:
        column.read(raw)
    except CellError as error:
        return str(error)
    return "。"


class TestText:
    @pytest.mark.parametrize(
        ("raw", "read"),
        [
            ("  厦门\u3000", "厦门"),
            ("厦门（集团）ＡＢＣ", "厦门（集团）ＡＢＣ"),  # a name is kept as it was written
            ("a\u202eb\u200bc", "abc"),
            ("a\x00b\x07", "ab"),
            ("第一行\r\n第二行_x000D_", "第一行\n第二行"),
            (328.0, "328"),
            (0.1 + 0.2, "0.3"),
            (True, "TRUE"),
            (dt.date(2024, 5, 1), "2024-05-01"),
            (naive(9, 30), "2024-05-01 09:30"),
            ("", None),
            ("\u3000\u200b", None),
            (None, None),
        ],
    )
    def test_reads(self, raw: values.Raw, read: str | None) -> None:
        assert Column("name", "名称").parse(raw) == read

    def test_missing(self) -> None:
        assert said(Column("name", "名称", required=True), " ") == "必须填写。"

    @pytest.mark.parametrize("kind", ["text", "code", "integer", "money", "date", "boolean"])
    @pytest.mark.parametrize("raw", ["#N/A", "#REF!", " #DIV/0! "])
    def test_an_error_of_the_spreadsheet_is_no_value(self, kind: str, raw: str) -> None:
        assert raw.strip() in said(Column("name", "名称", kind), raw)  # type: ignore[arg-type]


class TestCode:
    @pytest.mark.parametrize(
        ("raw", "read"),
        [
            ("９１３５０２００ 1555022666 ", "913502001555022666"),
            (350200.0, "350200"),
            ("000812.SZ", "000812.SZ"),
            ("abc", "abc"),
        ],
    )
    def test_reads(self, raw: values.Raw, read: str) -> None:
        assert Column("code", "编码", "code").parse(raw) == read

    @pytest.mark.parametrize("raw", [9.13502001555e17, "9.13502E+17"])
    def test_digits_lost_to_excel_are_refused(self, raw: values.Raw) -> None:
        assert "文本" in said(Column("code", "编码", "code"), raw)


class TestNumbers:
    @pytest.mark.parametrize(
        ("raw", "read"),
        [
            ("１，２００", 1200),
            ("1,200", 1200),
            ("1 200", 1200),
            ("328.0", 328),
            ("+5", 5),
            ("-5", -5),
            ("−5", -5),
            (328.0, 328),
            ("1.2万", 12000),
            ("328人", 328),
            ("328 名", 328),
            ("3萬人", 30000),
            ("1.2E+05", 120000),
            ("—", None),
            ("/", None),
        ],
    )
    def test_integers(self, raw: values.Raw, read: int | None) -> None:
        assert HEADCOUNT.parse(raw) == read

    @pytest.mark.parametrize(
        "raw",
        [
            *(
                "三百",
                "1,20",
                "1,2000",
                "12 34",
                "3-5",
                "１２a",
                "0x10",
                "1e999",
                "9" * 101,
                "nan",
                "inf",
                "3亩",
                "",
                "5%%",
            ),
            *(float("nan"), float("inf"), True, dt.date(2024, 1, 1), dt.time(8), "3.5", 3.5, "1e17", 10**17),
        ],
    )
    def test_no_integers(self, raw: values.Raw) -> None:
        with pytest.raises(CellError):
            Column("headcount", "员工人数", "integer", unit="人", required=True).parse(raw)

    def test_the_sentence_shows_what_was_written_and_how_to_write_it(self) -> None:
        assert said(HEADCOUNT, "三百") == "“三百”不是一个数，请填写数字，例如 1200 或 1,200.5。"
        assert said(HEADCOUNT, 3.5) == "3.5 不是整数，请填写整数。"

    @pytest.mark.parametrize(
        ("column", "raw", "read"),
        [
            (AREA, "200㎡", "200"),
            (AREA, "200平方米", "200"),
            (AREA, "1.5万平方米", "15000"),
            (AREA, 0.1 + 0.2, "0.3"),
            (RATE, "12.5%", "12.5"),
            (RATE, "12.5", "12.5"),
            (SHARE, "12.5%", "0.125"),
            (SHARE, "．５", "0.5"),
        ],
    )
    def test_decimals(self, column: Column, raw: values.Raw, read: str) -> None:
        assert column.parse(raw) == Decimal(read)

    def test_another_unit_must_be_converted(self) -> None:
        assert said(AREA, "3亩") == "单位“亩”与要求的“㎡”不同，请换算后再填。"

    def test_a_fraction_under_per_cent_is_questioned(self) -> None:
        reading = RATE.read(0.125)
        assert reading.value == Decimal("0.125")
        assert reading.questions == ("0.125 按 0.125% 读入；如果指 12.5%，请写成“12.5%”。",)
        assert not RATE.read(12.5).questions

    @pytest.mark.parametrize("raw", ["无", "待定", "不详"])
    def test_words_for_nothing_are_questioned(self, raw: str) -> None:
        assert HEADCOUNT.read(raw).value is None
        assert HEADCOUNT.read(raw).questions == (f"“{raw}”按空白读入，请确认。",)

    @given(st.integers(-(10**14), 10**14), st.sampled_from(["{}", "{:,}", " {}人 ", "{}.0", "+{}"]))
    def test_every_way_of_writing_an_integer_is_read_back(self, number: int, form: str) -> None:
        number = abs(number) if form.startswith("+") else number
        assert HEADCOUNT.parse(form.format(number)) == number

    @given(
        st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**10), max_value=10**10)
    )
    def test_every_decimal_is_read_back(self, number: Decimal) -> None:
        assert SHARE.parse(str(number)) == number
        assert SHARE.parse(float(number)) == number


class TestMoney:
    @pytest.mark.parametrize(
        ("raw", "amount", "currency", "unit", "base"),
        [
            (1200.0, "1200", "CNY", "万元", "12000000"),
            ("1,200", "1200", "CNY", "万元", "12000000"),
            ("3.5亿元", "3.5", "CNY", "亿元", "350000000"),
            ("3．5 億元", "3.5", "CNY", "亿元", "350000000"),
            ("8000万", "8000", "CNY", "万元", "80000000"),
            ("５０００００元", "500000", "CNY", "元", "500000"),
            ("1,200 万美元", "1200", "USD", "万美元", "12000000"),
            ("US$1200万", "1200", "USD", "万美元", "12000000"),
            ("USD 12 million", "12", "USD", "million 美元", "12000000"),
            ("3000万港币", "3000", "HKD", "万港元", "30000000"),
            ("人民币3000万元", "3000", "CNY", "万元", "30000000"),
            ("5亿日元", "5", "JPY", "亿日元", "500000000"),
            ("2千万欧元", "2", "EUR", "千万欧元", "20000000"),
            ("500万新台币", "500", "TWD", "万新台币", "5000000"),
            ("-20万元", "-20", "CNY", "万元", "-200000"),
        ],
    )
    def test_reads(self, raw: values.Raw, amount: str, currency: str, unit: str, base: str) -> None:
        money = INVESTMENT.parse(raw)
        assert isinstance(money, ParsedMoney)
        assert (money.amount, money.currency, money.amount_in_base) == (
            Decimal(amount),
            currency,
            Decimal(base),
        )
        assert values.folded(money.unit) in {values.folded(unit), "百万美元"}

    @pytest.mark.parametrize(
        "raw",
        [
            "3-5亿元",
            "三亿元",
            "亿元",
            "面议",
            "$100元",
            "1.2.3亿",
            "3亿元/年",
            "1e20",
            True,
            dt.date(2024, 1, 1),
            "9" * 200,
        ],
    )
    def test_no_amounts(self, raw: values.Raw) -> None:
        with pytest.raises(CellError):
            INVESTMENT.parse(raw)

    def test_the_sentence_shows_how_to_write_it(self) -> None:
        assert (
            said(INVESTMENT, "面议")
            == "“面议”不是一个数额。请填写一个数，可以带单位，例如 3.5亿元 或 1200万美元。"
        )

    @pytest.mark.parametrize(
        ("raw", "question"),
        [
            (1_200_000.0, "1200000 万元 = 120 亿元，请确认单位。"),
            ("3.5", "3.5 万元 与通常的数额相差很大，请确认单位。"),
            ("5000元", "5000 元 与通常的数额相差很大，请确认单位。"),
            ("200亿美元", "200 亿美元 = USD 20,000,000,000，请确认单位。"),
        ],
    )
    def test_amounts_ten_thousand_times_too_large_or_small_are_questioned(
        self, raw: values.Raw, question: str
    ) -> None:
        assert INVESTMENT.read(raw).questions == (question,)

    @pytest.mark.parametrize("raw", [100.0, 1_000_000.0, "100亿元", "3000亿日元", 0.0, "", "—"])
    def test_plausible_amounts_are_not_questioned(self, raw: values.Raw) -> None:
        assert INVESTMENT.read(raw).questions == ()

    @pytest.mark.parametrize("raw", ["约3.5亿元", "3.5亿元左右", "逾3.5亿元", "3.5亿元以上"])
    def test_rough_amounts_are_questioned(self, raw: str) -> None:
        reading = INVESTMENT.read(raw)
        assert reading.questions == (f"“{raw}”按 3.5 亿元 读入，请确认。",)
        assert isinstance(reading.value, ParsedMoney)
        assert reading.value.amount_in_base == Decimal(350_000_000)

    def test_a_sign_that_names_only_the_currency_is_questioned(self) -> None:
        reading = INVESTMENT.read("USD 500")
        assert isinstance(reading.value, ParsedMoney)
        assert (reading.value.currency, reading.value.amount_in_base) == ("USD", Decimal(5_000_000))
        assert reading.questions == ("“USD 500”按 500 万美元 读入，请确认。",)

    @pytest.mark.parametrize(
        ("text", "size", "currency"),
        [
            *[
                ("万元", 10**4, "CNY"),
                ("单位：亿元", 10**8, "CNY"),
                ("万美元", 10**4, "USD"),
                ("美元", 1, "USD"),
            ],
            *[
                ("USD million", 10**6, "USD"),
                ("亿元人民币", 10**8, "CNY"),
                ("人民币万元", 10**4, "CNY"),
                ("萬", 10**4, "CNY"),
            ],
        ],
    )
    def test_units(self, text: str, size: int, currency: str) -> None:
        unit = values.parse_unit(text)
        assert unit
        assert (unit.size, unit.currency) == (size, currency)

    @pytest.mark.parametrize("text", ["", "必填", "亩", "元/平方米", "美元元", "2024"])
    def test_no_units(self, text: str) -> None:
        assert values.parse_unit(text) is None

    @pytest.mark.parametrize(
        ("head", "size"),
        [
            *[
                ("总投资（亿元）", 10**8),
                ("总投资/亿元", 10**8),
                ("总投资，亿元", 10**8),
                ("总投资 (单位: 元)", 1),
            ],
            *[
                ("总投资（万元）", None),
                ("总投资", None),
                ("总投资（必填）", None),
                ("总投资（万元）（亿元）", 10**8),
            ],
        ],
    )
    def test_the_unit_in_a_head_wins(self, head: str, size: int | None) -> None:
        header = Header.of(head)
        assert header.name in INVESTMENT.names
        unit = INVESTMENT.unit_of(header)
        assert (unit.size if isinstance(unit, values.Unit) else unit) == size
        money = INVESTMENT.read("2", unit).value
        assert isinstance(money, ParsedMoney)
        assert money.amount_in_base == 2 * (size or 10**4)

    @given(
        st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=0, max_value=10**6),
        st.sampled_from([("元", 1), ("万元", 10**4), ("亿元", 10**8), ("万美元", 10**4), ("亿日元", 10**8)]),
        st.sampled_from(["{}{}", "{} {}", "{:,}{}", " {}\u3000{} "]),
    )
    def test_every_way_of_writing_an_amount_is_read(
        self, number: Decimal, unit: tuple[str, int], form: str
    ) -> None:
        money = INVESTMENT.parse(form.format(number, unit[0]))
        assert isinstance(money, ParsedMoney)
        assert money.amount_in_base == number * unit[1]


class TestDates:
    @pytest.mark.parametrize(
        "raw",
        [
            *(
                "2024-5-1",
                "2024-05-01",
                "2024/05/01",
                "2024.5.1",
                "2024年5月1日",
                "２０２４年５月１号",
                "20240501",
                " 2024 年 5 月 1 日 ",
            ),
            *(
                "2024-05-01 10:30",
                "2024-05-01T10:30:00",
                "2024年5月1日 星期三",
                "2024年5月1日10时30分",
                "45413",
                "45413.5",
            ),
            *(20240501.0, 45413.0, 45413, 45413.4375, dt.date(2024, 5, 1), naive(23, 59)),
        ],
    )
    def test_reads(self, raw: values.Raw) -> None:
        assert DAY.parse(raw) == dt.date(2024, 5, 1)

    @pytest.mark.parametrize(
        ("raw", "part"),
        [
            ("2024年5月", "没有写到日"),
            ("2024", "没有写到日"),
            (2024.0, "没有写到日"),
            (2024.5, "没有写到日"),
            ("24.5.1", "分不清"),
            ("5/1/2024", "分不清"),
            ("2024-02-30", "不存在"),
            ("20241301", "不存在"),
            ("去年", "不是日期"),
            ("99999", "不是日期"),
            (99999.0, "不是日期"),
            (dt.time(10), "不是日期"),
            (dt.timedelta(1), "不是日期"),
            (True, "不是日期"),
            ("1024-05-01", "不合理"),
        ],
    )
    def test_no_dates(self, raw: values.Raw, part: str) -> None:
        assert part in said(DAY, raw)

    def test_moments_are_in_the_current_time_zone(self) -> None:
        moment = dt.datetime(2024, 5, 1, 10, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
        for raw in (
            "2024-05-01 10:30",
            "2024年5月1日 10：30",
            "2024/5/1 10时30分",
            45413.4375,
            naive(10, 30),
        ):
            assert MOMENT.parse(raw) == moment
        assert MOMENT.parse("2024-05-01") == moment.replace(hour=0, minute=0)

    @given(st.dates(dt.date(1928, 1, 1), dt.date(2099, 12, 31)))
    def test_every_form_of_every_day_is_read_back(self, day: dt.date) -> None:
        serial = (day - dt.date(1899, 12, 30)).days
        forms = [
            f"{day.year}年{day.month}月{day.day}日",
            f"{day:%Y%m%d}",
            f"{day.year}.{day.month}.{day.day}",
            serial,
            float(serial),
        ]
        assert {DAY.parse(form) for form in forms} == {day}


class TestTruthAndChoice:
    @pytest.mark.parametrize("raw", ["是", "√", "有", "Y", "ＹＥＳ", True, 1.0, "1", "true"])
    def test_yes(self, raw: values.Raw) -> None:
        assert Column("is", "是否外资", "boolean").parse(raw) is True

    @pytest.mark.parametrize("raw", ["否", "×", "无", "N", "no", False, 0.0, "0"])
    def test_no(self, raw: values.Raw) -> None:
        assert Column("is", "是否外资", "boolean").parse(raw) is False

    @pytest.mark.parametrize("raw", ["也许", "x", 2.0])
    def test_neither(self, raw: values.Raw) -> None:
        assert "不是“是”或“否”" in said(Column("is", "是否外资", "boolean"), raw)

    @pytest.mark.parametrize(
        ("raw", "code"), [(" 国有企业 ", "soe"), ("SOE", "soe"), ("Ｃ３９", "C39"), ("外资 企业", "C39")]
    )
    def test_choices_by_code_and_label(self, raw: str, code: str) -> None:
        assert NATURE.parse(raw) == code

    def test_a_few_choices_are_named(self) -> None:
        assert said(NATURE, "个体户") == "“个体户”不在可填的内容之中，可填：国有企业、民营企业、外资企业。"

    def test_of_many_choices_the_like_are_named(self) -> None:
        many = Column(
            "c",
            "行业",
            "choice",
            choices=[(str(n), f"{n}号行业") for n in range(100)] + [("x", "通用设备制造业")],
        )
        assert said(many, "通用设备制造") == "“通用设备制造”不在可填的内容之中，是不是指：通用设备制造业？"
        assert said(many, "QQQ") == "“QQQ”不在可填的内容之中，请对照模板中的可填内容。"

    def test_numbers_are_codes_too(self) -> None:
        assert Column("c", "级别", "choice", choices=[("1", "一级"), ("2", "二级")]).parse(1.0) == "1"

    def test_a_label_of_two_choices_is_refused_and_a_code_is_not(self) -> None:
        column = Column("c", "区", "choice", choices=[("350203", "思明区"), ("110000", "思明区")])
        assert said(column, "思明区") == "“思明区”对应不止一项，请改填编码。"
        assert column.parse("110000") == "110000"


class TestHeads:
    @pytest.mark.parametrize(
        "head",
        [
            "企业名称",
            "*企业名称",
            "企业 名称 ※",
            "企业名称（必填）",
            "企业名称[全称]：",
            "company_name",
            "单位名称",
        ],
    )
    def test_recognised(self, head: str) -> None:
        column = Column("company_name", "企业名称", aliases=["单位名称"])
        assert Header.of(head).name in column.names

    def test_labels_and_choices_are_recognised_in_every_language(self) -> None:
        # Django's own catalogue has these in Chinese and in English.
        column = Column("is", gettext_lazy("Yes"), "choice", choices=[("n", gettext_lazy("No"))])
        for active in ("zh-hans", "en"):
            with translation.override(active):
                assert {"yes", "是"} <= Column("is", gettext_lazy("Yes")).names
                assert column.parse("否") == column.parse("No") == "n"

    def test_a_head_in_another_unit_is_refused_or_converted(self) -> None:
        assert AREA.unit_of(Header.of("用地面积（万平方米）")) == 10**4
        assert AREA.read("2", Decimal(10**4)).value == 20_000
        assert AREA.unit_of(Header.of("用地面积（平方米）")) is None
        with pytest.raises(Invalid, match="亩"):
            AREA.unit_of(Header.of("用地面积（亩）"))

    @given(
        st.text(max_size=300) | st.text("0123456789.,万亿元美港年月日-/ %￥$约以上余e（）()，。", max_size=20)
    )
    def test_any_text_is_read_or_refused_with_a_sentence(self, text: str) -> None:
        Header.of(text)
        for column in (INVESTMENT, HEADCOUNT, AREA, RATE, DAY, MOMENT, NATURE, Column("c", "编码", "code")):
            assert sentence_on(column, text).endswith(("。", "？"))

    @given(
        st.floats()
        | st.integers()
        | st.booleans()
        | st.dates()
        | st.datetimes()
        | st.times()
        | st.timedeltas()
    )
    def test_any_cell_is_read_or_refused_with_a_sentence(self, raw: values.Raw) -> None:
        for column in (
            INVESTMENT,
            HEADCOUNT,
            AREA,
            RATE,
            DAY,
            MOMENT,
            NATURE,
            Column("n", "名称"),
            Column("c", "编码", "code"),
        ):
            assert sentence_on(column, raw).endswith(("。", "？"))

    @pytest.mark.parametrize(
        "wrong",
        [{"kind": "colour"}, {"kind": "choice"}, {"kind": "money", "unit": "亩"}],
        ids=["kind", "choices", "unit"],
    )
    def test_a_wrong_declaration_is_found_at_once(self, wrong: dict[str, str]) -> None:
        with pytest.raises(ValueError, match="c: "):
            Column("c", "列", **wrong)  # type: ignore[arg-type]


@given(st.text(max_size=12) | st.from_regex(r"[0-9]E[0-9]{2}|[\uff10-\uff19A-Za-z]{1,6}", fullmatch=True))
def test_texts_and_codes_of_letters_alone_are_read_as_all_others(raw: str) -> None:
    for kind, read in (("text", values.read_text), ("code", values.read_code)):
        if raw.isalnum():
            assert Column("x", "列", kind).read(raw).value == read(raw)  # type: ignore[arg-type]


NAME = Column("name", "企业名称", required=True)
CODE = Column("uscc", "统一社会信用代码", "code")
RAWS = (
    st.text(max_size=12)
    | st.sampled_from(["#REF!", "_x000D_", " 甲 ", "1.5e+10", "12", "007", "-3", "无", "合计", "2024-05-01", "2024-02-30", "99999999999999999"])
    | st.integers(-(10**18), 10**18)
    | st.floats()
    | st.booleans()
    | st.none()
    | st.dates()
    | st.datetimes()
)  # fmt: skip


@given(st.sampled_from([NAME, CODE, HEADCOUNT, AREA, RATE, INVESTMENT, DAY, MOMENT, NATURE]), RAWS)
def test_usual_cells_are_read_as_with_all_care(column: Column, raw: values.Raw) -> None:
    value = usual(column, None)(raw)
    if value is not UNUSUAL:
        read = column.read(raw)
        assert read == Reading(value)
        assert type(read.value) is type(value)


def test_in_the_unit_of_the_head() -> None:
    unit = values.parse_unit("亿元")
    assert usual(INVESTMENT, unit)(12.0) == INVESTMENT.read(12.0, unit).value
    assert usual(HEADCOUNT, Decimal(1000))("12") is UNUSUAL
