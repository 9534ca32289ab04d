"""Look through the whole library for enterprises that may have been entered twice, as a background job."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _

from yinfeng.core import jobs
from yinfeng.core.actors import Actor
from yinfeng.core.errors import Conflict
from yinfeng.core.forms import Styled
from yinfeng.core.models import Job
from yinfeng.core.web import ActPage
from yinfeng.enterprises import queries, services
from yinfeng.enterprises.matching import Library
from yinfeng.enterprises.models import Enterprise

KIND = "enterprises.dedupe"
CHUNK = 2_000
# The library as this process took it into memory for the job it is at; another process takes its own.
_libraries: dict[int, Library] = {}


def chunk(job: Job, by: Actor) -> jobs.Step:
    """Compare the next enterprises with the library and note the pairs in doubt."""
    if job.pk not in _libraries:
        _libraries.clear()
        _libraries[job.pk] = queries.library()
    last, new = job.report.get("last", 0), job.report.get("new", 0)
    following = Enterprise.objects.filter(pk__gt=last).order_by("pk").values_list("pk", "name")
    rows = list(following[:CHUNK])
    with override("zh-hans"):  # what is stored is read by everybody
        pairs = list(queries.pairs(_libraries[job.pk], rows))
    new += services.note_doubts(by, pairs)
    done = job.cursor + len(rows)
    if len(rows) == CHUNK:
        total = job.total or Enterprise.objects.count()
        return jobs.Step(done, {"last": rows[-1][0], "new": new}, total=total)
    _libraries.clear()
    words = {"count": f"{done:,}", "new": f"{new:,}"}
    told = _("比对了 %(count)s 家企业，新发现 %(new)s 对疑似重复。") % words
    link = {"url": reverse("doubts"), "label": _("去判断")} if new else {}
    return jobs.Step(done, {"told": told, "link": link, "new": new}, "finish", done)


class FindDoubles(ActPage):
    """Begin to look for enterprises that were entered twice."""

    permission = "enterprises.enterprise.merge"
    form = Styled
    template_name = "core/confirm.html"
    title = gettext_lazy("查找疑似重复")
    submit_label = gettext_lazy("开始比对")

    def cancel_url(self) -> str:
        return reverse("doubts")

    def extra(self) -> dict[str, Any]:
        sentence = _(
            "系统会在后台逐家比对全库的名称，可能录入了两次的企业列入“疑似重复”，由您判断。已认定不是同一家的不再列出。"
        )
        return {"sentence": sentence}

    def act(self, form: Any) -> str:
        going = Job.objects.filter(kind=KIND, state__in=("queued", "running")).first()
        if going is not None:
            raise Conflict(_("已经有人开始比对，请等它完成。"))
        job = jobs.start(
            by=self.by, kind=KIND, title=_("查找疑似重复"), parameters={"language": get_language()}
        )
        return reverse("job", args=[job.pk])

    def done(self, result: Any) -> str:
        return _("已开始比对，完成后可在这里看到结果。")
