"""Import a list of enterprises: dry run, a row-by-row report a person can act on, then the import in resumable chunks."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import IO, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from yinfeng.core import jobs, stores, uploads
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict, Invalid
from yinfeng.core.exchange.columns import Column, ParsedMoney
from yinfeng.core.exchange.reading import Row, open_table
from yinfeng.core.exchange.report import RowReport
from yinfeng.core.exchange.writing import template_workbook
from yinfeng.core.exporting import XLSX
from yinfeng.core.forms import Styled, rate_of
from yinfeng.core.models import Job
from yinfeng.core.web import ActPage, Page
from yinfeng.enterprises import naming, queries, services, uscc
from yinfeng.enterprises.filters import tag_choices
from yinfeng.enterprises.models import Enterprise, EnterpriseTag, FormerName

KIND = "enterprises.import"
CHUNK = 500
# Rows of which the report keeps what was said; a file with more of them is better mended as a whole.
KEPT_LINES = 5_000

COLUMNS = (
    Column("name", gettext_lazy("企业名称"), required=True, aliases=("company_name", "公司名称", "单位名称", "名称"), examples=("示例科技（厦门）有限公司",)),
    Column("uscc", gettext_lazy("统一社会信用代码"), "code", aliases=("信用代码", "uscc")),
    Column("listing_code", gettext_lazy("证券代码"), "code", aliases=("ts_code", "股票代码")),
    Column("short_name", gettext_lazy("简称"), aliases=("short_name",)),
    Column("province", gettext_lazy("省份"), aliases=("province",)),
    Column("city", gettext_lazy("城市"), aliases=("city",)),
    Column("address", gettext_lazy("地址"), aliases=("address", "注册地址")),
    Column("capital", gettext_lazy("注册资本"), "money", aliases=("reg_capital_wan", "注册资金"), plausible=(Decimal(10_000), Decimal(10) ** 12)),
    Column("founded_date", gettext_lazy("成立日期"), "date", aliases=("成立时间",)),
    Column("industry", gettext_lazy("行业代码"), "code", help=gettext_lazy("国民经济行业分类 GB/T 4754-2017 的代码")),
    Column("staff", gettext_lazy("员工人数"), "integer", aliases=("employees", "从业人数")),
    Column("scope_of_business", gettext_lazy("经营范围"), aliases=("main_business", "主营业务")),
    Column("introduction", gettext_lazy("企业简介"), aliases=("introduction", "简介")),
    Column("website", gettext_lazy("网站"), aliases=("website",)),
    Column("source", gettext_lazy("信息来源"), aliases=("来源",)),
    Column("verified_date", gettext_lazy("最近核实日期"), "date", aliases=("核实日期",)),
)  # fmt: skip


# --- deciding about rows ------------------------------------------------------------------------------------------


@dataclass
class Batch:
    """What is to be done with some rows, and what is to be said of each."""

    report: RowReport = field(default_factory=RowReport)
    new: list[dict[str, Any]] = field(default_factory=list)
    changed: list[tuple[Enterprise, dict[str, Any]]] = field(default_factory=list)
    known: list[int] = field(default_factory=list)
    marks: set[str] = field(default_factory=set)


def decide(rows: Sequence[Row], tag: str, seen: AbstractSet[str], names: LookAlikes) -> Batch:
    """Compare rows with the library and say what becomes of each; ``seen`` are the marks of earlier rows."""
    batch = Batch()
    readable = []
    for row in rows:
        values = stored(row)
        if errors := [*row.errors, *faults(values)]:
            batch.report.add(row.number, "refused", errors)
            continue
        marks = marks_of(values)
        if not (marks.isdisjoint(seen) and marks.isdisjoint(batch.marks)):
            batch.report.add(row.number, "refused", [_("与文件中前面的一行名称或代码相同，已跳过。")])
            continue
        batch.marks |= marks
        readable.append((row, values, naming.parse(values["name"]).key))
    found = Known(readable)
    for row, values, key in readable:
        existing, doubt = found.match(values, key)
        doubt = doubt or ("" if existing else names.doubt(values, batch.new))
        if doubt:
            batch.report.add(row.number, "questioned", [doubt])
        elif existing is None:
            batch.report.add(row.number, "new", [*row.questions, *warnings(values)])
            batch.new.append({"country": "CN", **values})
        else:
            _compare(batch, row, values, existing, found.has_tag(existing, tag))
    return batch


def stored(row: Row) -> dict[str, Any]:
    """Return a row's values that say something, in stored form: codes normalised, amounts in yuan."""
    kept: dict[str, Any] = {}
    for name, value in row.values.items():
        if value in (None, ""):
            continue
        kept[name] = in_yuan(value) if isinstance(value, ParsedMoney) else value
    if "name" in kept:
        kept["name"] = " ".join(str(kept["name"]).split())
    if "uscc" in kept:
        kept["uscc"] = uscc.normalise_uscc(str(kept["uscc"]))
    return kept


def marks_of(values: dict[str, Any]) -> set[str]:
    """Return that by which two rows of a file mean one enterprise: the name's key, the code."""
    return {naming.parse(values["name"]).key, *([f"#{values['uscc']}"] if "uscc" in values else [])}


def in_yuan(parsed: ParsedMoney) -> Decimal | None:
    """Return an amount in yuan at the profile's newest rate; None when the profile has no rate for its currency."""
    rate = Decimal(1) if parsed.currency == "CNY" else rate_of(parsed.currency, timezone.localdate())
    return None if rate is None else (parsed.amount_in_base * rate).quantize(Decimal("0.01"))


def faults(values: dict[str, Any]) -> list[str]:
    """Return the sentences for which a row cannot be taken, from the model's own rules."""
    if None in values.values():
        return [_("城市方案中没有该币种的汇率，请改填人民币金额。")]
    if "uscc" in values and (verdict := uscc.check(values["uscc"])).level == "malformed":
        return [str(sentence) for sentence in verdict.sentences]
    try:
        prepared = services.prepared(values)
        missing = {"name", "name_key"} if "name" not in values else set()  # which the row says itself
        Enterprise(country="CN", **prepared).clean_fields(exclude=missing)
    except ValidationError as error:
        return [f"{label_of(name)}：{' '.join(texts)}" for name, texts in error.message_dict.items()]
    return []


def label_of(name: str) -> str:
    return str(getattr(Enterprise._meta.get_field(name), "verbose_name", name))


def warnings(values: dict[str, Any]) -> list[str]:
    verdict = uscc.check(values["uscc"]) if "uscc" in values else None
    return [str(sentence) for sentence in verdict.sentences] if verdict and verdict.level == "warn" else []


class Known:
    """The enterprises of the library that some rows may mean, read in a few queries."""

    def __init__(self, rows: Sequence[tuple[Row, dict[str, Any], str]]) -> None:
        keys = [key for _row, _values, key in rows]
        codes = [values["uscc"] for _row, values, _key in rows if "uscc" in values]
        listings = [values["listing_code"] for _row, values, _key in rows if "listing_code" in values]
        self.by_key = {
            row.name_key: row for row in Enterprise.objects.filter(name_key__in=keys, country="CN")
        }
        self.by_code = {row.uscc: row for row in Enterprise.objects.filter(uscc__in=codes)}
        self.by_listing = {
            row.listing_code: row for row in Enterprise.objects.filter(listing_code__in=listings)
        }
        former = FormerName.objects.filter(name_key__in=keys).select_related("enterprise")
        self.by_former = {name.name_key: name.enterprise for name in former}
        groups = (self.by_key, self.by_code, self.by_listing, self.by_former)
        ids = {row.pk for group in groups for row in group.values()}
        self.tags = set(EnterpriseTag.objects.filter(enterprise__in=ids).values_list("enterprise_id", "tag"))

    def match(self, values: dict[str, Any], key: str) -> tuple[Enterprise | None, str]:
        """Return the enterprise that a row means, or the doubt for a person to settle.

        A row whose code is known may spell the name another way (short, or as it was); the library's name stays.
        """
        named, former = self.by_key.get(key), self.by_former.get(key)
        coded = [
            self.by_code.get(values.get("uscc", "")),
            self.by_listing.get(values.get("listing_code", "")),
        ]
        for holder in filter(None, coded):
            if named is None and (holder == former or alike(values["name"], holder.name)):
                named = holder
            elif holder != named:
                sentence = _("代码属于库中的“%(name)s”，名称却不同，请核对后再导入。")
                return None, sentence % {"name": holder.name}
        if named is None and former is not None:
            sentence = _("这是库中“%(name)s”的曾用名，请核对；确是同一家的，请改用现在的名称。")
            return None, sentence % {"name": former.name}
        if named is not None and named.uscc and values.get("uscc") not in (None, named.uscc):
            return None, _("库中同名企业的统一社会信用代码是 %(code)s，请核对。") % {"code": named.uscc}
        return named, ""

    def has_tag(self, enterprise: Enterprise, tag: str) -> bool:
        return not tag or (enterprise.pk, tag) in self.tags


def alike(one: str, other: str) -> bool:
    return naming.compare(naming.parse(one), naming.parse(other)).level != "none"


# From this score on two names differ in nothing but the legal form, a place or a bracket (naming.compare).
NEARLY_SAME = 0.9


class LookAlikes:
    """The names of the library by their parts, read when the first new row asks: a search for each would take minutes."""

    def __init__(self) -> None:
        self.places: dict[str, list[tuple[str, str, str]]] | None = None
        self.earlier: list[dict[str, Any]] = []

    def add(self, name: str, code: str, listing: str) -> None:
        assert self.places is not None
        for part in _parts(name):
            self.places.setdefault(part, []).append((name, code, listing))

    def note(self, rows: Iterable[dict[str, Any]]) -> None:
        """Let later rows be compared with these new ones of the same file, too."""
        for values in rows:
            if self.places is None:
                self.earlier.append(values)
            else:
                self.add(values["name"], values.get("uscc", ""), values.get("listing_code", ""))

    def doubt(self, values: dict[str, Any], batch: Sequence[dict[str, Any]]) -> str:
        """Return why a new row may be an enterprise that is there already; different codes settle that it is not."""
        if self.places is None:
            self.places = {}
            for name, code, listing in queries.names_and_codes():
                self.add(name, code or "", listing)
            self.note(self.earlier)
        own, parts = naming.parse(values["name"]), _parts(values["name"])
        near = [item for part in parts for item in self.places.get(part, ())]
        near += [(row["name"], row.get("uscc", ""), row.get("listing_code", "")) for row in batch
                 if not parts.isdisjoint(_parts(row["name"]))]  # fmt: skip
        for name, code, listing in near:
            pairs = ((values.get("uscc"), code), (values.get("listing_code"), listing))
            verdict = naming.compare(own, naming.parse(name))
            if verdict.score >= NEARLY_SAME and not any(a and b and a != b for a, b in pairs):
                words = {"name": name, "reason": verdict.reason}
                return _("可能就是“%(name)s”（%(reason)s）。确属另一家的，请在企业库中单独录入。") % words
        return ""


@lru_cache(maxsize=4096)
def _parts(name: str) -> frozenset[str]:
    """Return the parts of which nearly equal names share one."""
    parts = naming.parse(name)
    return frozenset(filter(None, (parts.stem, parts.core, parts.alias, parts.normalised)))


def _compare(batch: Batch, row: Row, values: dict[str, Any], existing: Enterprise, has_tag: bool) -> None:
    """Take what differs, but never over what was verified later than the row says it was."""
    differing = {
        name: value
        for name, value in values.items()
        if name not in {"name", "verified_date"} and getattr(existing, name) != value
    }
    dated = values.get("verified_date")
    if existing.verified_date and (dated is None or dated < existing.verified_date):
        kept_back = sorted(name for name in differing if getattr(existing, name) not in (None, ""))
        differing = {name: value for name, value in differing.items() if name not in kept_back}
        if kept_back:
            labels = "、".join(label_of(name) for name in kept_back)
            sentence = _("库中资料核实于 %(day)s，比文件新，未覆盖：%(fields)s。") % {
                "day": existing.verified_date,
                "fields": labels,
            }
            if not differing:
                batch.report.add(row.number, "questioned", [sentence])
                return
    if dated and (existing.verified_date is None or dated > existing.verified_date):
        differing["verified_date"] = dated
    if differing:
        labels = "、".join(label_of(name) for name in differing)
        batch.report.add(row.number, "updated", [_("更新：%(fields)s") % {"fields": labels}, *row.questions])
        batch.changed.append((existing, differing))
    else:
        batch.report.add(
            row.number, "unchanged" if has_tag else "updated", [] if has_tag else [_("添加标签")]
        )
    if not has_tag:
        batch.known.append(existing.pk)


# --- the job ------------------------------------------------------------------------------------------------------


@dataclass
class Reading:
    """A file being read by this process, as far as it has come; another process begins anew and skips ahead."""

    file: IO[bytes]
    rows: Iterator[Row]
    position: int
    total: int
    seen: set[str] = field(default_factory=set)
    names: LookAlikes = field(default_factory=LookAlikes)


# What the worker that goes through a file keeps from one chunk to the next. Nothing depends on it: the cursor in the
# database says where a job stands, and a reading that stands elsewhere is not used.
_readings: dict[tuple[int, str], Reading] = {}


def reading(job: Job, phase: str) -> Reading:
    """Return the job's file opened at its cursor.

    It is kept for the next chunk only once this one has come to its end: rows of a chunk that failed are read again.
    """
    found = _readings.pop((job.pk, phase), None)
    if found is not None and found.position != job.cursor:
        found.file.close()
        found = None
    while _readings:  # one file at a time per process
        _readings.popitem()[1].file.close()
    if found is None:
        file = stores.open_stored(job.source_file, job.source_name)
        table = open_table(file, job.source_name, COLUMNS)
        found = Reading(file, iter(table), job.cursor, table.row_count)
        lines = job.report.get("rows", []) if job.report.get("phase") == phase else []
        left = {line["number"] for line in lines if line["outcome"] == "questioned"}
        for row in islice(found.rows, job.cursor):
            values = stored(row)
            if not row.errors and not faults(values):
                found.seen |= marks_of(values)
                if phase == "check" and row.number not in left:  # what was written is in the library
                    found.names.note([values])
    return found


def chunk(job: Job, by: Actor) -> jobs.Step:
    """Check, or write, the next rows of an import; the job's parameters say which of the two it is at."""
    phase, tag = job.parameters.get("phase", "check"), job.parameters.get("tag", "")
    at = reading(job, phase)
    rows = list(islice(at.rows, CHUNK))
    batch = write(by, rows, tag, at) if phase == "write" else decide(rows, tag, at.seen, at.names)
    at.position += len(rows)
    at.seen |= batch.marks
    at.names.note(batch.new)
    begun = job.report if job.report.get("phase") == phase else {"notes": job.parameters.get("notes", [])}
    report = merged(begun, batch.report) | {"phase": phase}
    if len(rows) == CHUNK:
        _readings[job.pk, phase] = at
        return jobs.Step(at.position, report, total=at.total)
    at.file.close()
    values = result_of(job, report)
    if phase == "check":
        values["parameters"] = {**job.parameters, "phase": "write"}
        return jobs.Step(0, report, "wait", at.position, values)
    return jobs.Step(at.position, report, "finish", at.position, values)


def write(by: Actor, rows: Sequence[Row], tag: str, at: Reading, tries: int = 3) -> Batch:
    """Write rows; those that somebody entered or changed in the same moment are looked at again."""
    batch = decide(rows, tag, at.seen, at.names)
    try:
        services.write_batch(by=by, new=batch.new, changed=batch.changed, tag=tag, tagged=batch.known)
    except (IntegrityError, Conflict):
        if tries == 1:
            raise
        return write(by, rows, tag, at, tries - 1)
    return batch


def merged(begun: dict[str, Any], more: RowReport) -> dict[str, Any]:
    """Add a chunk's report: counts of all rows, and the rows of which there is something to say."""
    counts = {name: begun.get("counts", {}).get(name, 0) + count for name, count in more.counts.items()}
    told = [
        line
        for line in more.to_json()["rows"]
        if line["sentences"] or line["outcome"] in {"questioned", "refused"}
    ]
    lines, notes = begun.get("rows", []) + told, list(begun.get("notes", []))
    if len(lines) > KEPT_LINES >= len(begun.get("rows", [])):
        notes.append(_("逐行报告只保留前 %(count)s 行，其余只计数。") % {"count": f"{KEPT_LINES:,}"})
    return {"counts": counts, "notes": list(dict.fromkeys(notes)), "rows": lines[:KEPT_LINES]}


def result_of(job: Job, report: dict[str, Any]) -> dict[str, Any]:
    """Write the workbook of the rows that need a person: it can be corrected and imported again."""
    kept = RowReport.from_json({"notes": report["notes"], "rows": report["rows"]})
    if not any(kept.counts[outcome] for outcome in ("questioned", "refused")):
        return {}
    with (
        tempfile.TemporaryFile() as stream,
        stores.open_stored(job.source_file, job.source_name) as source,
        open_table(source, job.source_name, COLUMNS) as table,
    ):
        kept.write_xlsx(stream, table, only=("questioned", "refused"))
        stream.seek(0)
        return jobs.keep_result(job, stream, f"{_('待处理的行')}-{job.source_name.rsplit('.', 1)[0]}.xlsx")


# --- pages --------------------------------------------------------------------------------------------------------


class ImportForm(Styled):
    file = forms.FileField(
        label=gettext_lazy("名单文件"),
        help_text=gettext_lazy("xlsx 或 csv，一行一家企业。先试读并报告每一行的结果，确认后才写入。"),
        error_messages={"required": gettext_lazy("请选择要导入的文件。")},
    )
    tag = forms.ChoiceField(label=gettext_lazy("为名单中的企业加标签"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tag"].choices = [("", _("不加标签")), *tag_choices()]  # type: ignore[attr-defined]


class ImportEnterprises(ActPage):
    permission = "enterprises.enterprise.import"
    form = ImportForm
    template_name = "enterprises/import.html"
    title = gettext_lazy("导入企业名单")
    submit_label = gettext_lazy("试读")

    def cancel_url(self) -> str:
        return reverse("enterprises")

    def act(self, form: Any) -> str:
        file = form.cleaned_data["file"]
        if not file.name.lower().endswith((".xlsx", ".csv", ".csv.gz", ".tsv")):
            sentence = _("只能导入 xlsx 或 csv 文件。请在 Excel 或 WPS 中另存为 xlsx 再上传。")
            raise Invalid(sentence, fields={"file": [sentence]})
        with open_table(file, file.name, COLUMNS) as table:
            notes = table.notes
        file.seek(0)
        job = jobs.start(
            by=self.by, kind=KIND, title=_("导入企业名单：%(file)s") % {"file": file.name},
            parameters={"tag": form.cleaned_data["tag"], "phase": "check", "language": get_language(), "notes": notes},
            source=file, source_name=file.name[:200],
        )  # fmt: skip
        return reverse("job", args=[job.pk])

    def done(self, result: Any) -> str:
        return _("已开始试读，稍候即可看到每一行的结果。")

    def extra(self) -> dict[str, Any]:
        return {"template_url": reverse("enterprises-template")}


class Template(Page):
    """The workbook to fill in for an import."""

    permission = "enterprises.enterprise.import"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        stream = tempfile.TemporaryFile()  # noqa: SIM115 - FileResponse closes it
        template_workbook(stream, COLUMNS, _("企业名单"))
        stream.seek(0)
        response = FileResponse(stream, content_type=XLSX)
        name = f"{_('企业名单模板')}-{timezone.localdate():%Y%m%d}.xlsx"
        response["Content-Disposition"] = uploads.content_disposition(name)
        return response
