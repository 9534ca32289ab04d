"""What is asked about a claim before it is taken, and shown to who verifies it: beside the works, the contract, the firm's other claims."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from django.utils.translation import gettext as _

from yinfeng.core.errors import Sentence
from yinfeng.core.money import show
from yinfeng.projects import queries, stages
from yinfeng.projects.achievements import Achievement
from yinfeng.projects.models import Claim, Project
from yinfeng.projects.services.asking import Questions


def questions_about_claim(
    project: Project, kind: Achievement, amount: Decimal | None, key: str = "", but: Claim | None = None
) -> Questions:
    """Return what is to be asked about a claim, by field; ``but``: it is this one, which is there already."""
    found: Questions = {}
    asked = [
        *(
            asked
            for double in queries.doubles(project, kind.code, key, but)
            for asked in _about_double(double, project, kind, amount)
        ),
        *(_about_capital(project, amount, but) if kind.code == stages.CAPITAL and amount else ()),
        *(_about_completion(project, amount) if kind.code == stages.COMPLETED and amount else ()),
    ]  # fmt: skip
    for field, sentence in asked:
        found.setdefault(field, []).append(sentence)
    return found


def _about_double(
    double: Claim, project: Project, kind: Achievement, amount: Decimal | None
) -> Iterator[tuple[str, Sentence]]:
    """Question a voucher or year that the firm has claimed already; the other project is not named, for it may be a secret."""
    told = {"kind": kind.label, "key": double.key, "amount": show(double.amount)}
    if double.project_id == project.pk:
        sentence = _("本项目申报过凭证号相近的“%(key)s”，请核对是不是同一笔。")
    elif kind.yearly:
        sentence = _("这家企业的另一个项目申报过 %(key)s 年的“%(kind)s”，请核对没有重复计算。")
    else:
        sentence = _("这家企业的另一个项目申报过同一凭证，请核对是不是同一笔。")
    yield "key", sentence % told
    if double.amount is not None and double.amount == amount:
        yield "key", _("两次的金额同样是 %(amount)s。") % told


def _about_capital(project: Project, amount: Decimal, but: Claim | None) -> Iterator[tuple[str, Sentence]]:
    """Question money that together with what arrived before is more than the contract."""
    before = queries.capital_so_far(project, but)
    together = before + amount
    if project.contracted and together > project.contracted:
        told = {"before": show(before), "sum": show(together), "contracted": show(project.contracted)}
        sentence = (
            _("连同此前申报的 %(before)s，到位资金共 %(sum)s，超过合同投资额 %(contracted)s，请核对。")
            if before
            else _("到位资金 %(sum)s，超过合同投资额 %(contracted)s，请核对。")
        )
        yield "amount", sentence % told


def _about_completion(project: Project, amount: Decimal) -> Iterator[tuple[str, Sentence]]:
    """Question a completion that the monthly reports, the fixed investment or open difficulties speak against."""
    built, fixed = queries.built_so_far(project), project.fixed_investment
    month = f"{built.month:%Y-%m}" if built else ""
    beside = []
    if built and queries.is_off(amount, built.invested):
        beside.append(_("月报累计 %(sum)s（到 %(month)s）") % {"sum": show(built.invested), "month": month})
    if queries.is_off(amount, fixed):
        beside.append(_("固定资产投资 %(sum)s") % {"sum": show(fixed)})
    if beside:
        told = {"amount": show(amount), "others": _("、").join(beside)}
        yield "amount", _("完成投资额 %(amount)s，与%(others)s相差超过 20%%，请核对。") % told
    if built and built.percent < queries.BUILT:
        told = {"month": month, "percent": f"{built.percent.normalize():f}", "limit": str(queries.BUILT)}
        sentence = _("月报的形象进度到 %(month)s 是 %(percent)s%%，不到 %(limit)s%%，请核对是否已经竣工。")
        yield "happened_date", sentence % told
    if count := queries.still_open(project):
        yield (
            "happened_date",
            _("项目还有 %(count)s 个难点没有解决，请核对是否已经竣工。") % {"count": count},
        )
