from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProjectsConfig(AppConfig):
    name = "yinfeng.projects"
    label = "projects"
    verbose_name = _("项目")

    def ready(self) -> None:
        from yinfeng.core import beats, events, mailing, search
        from yinfeng.core.services import may_object
        from yinfeng.enterprises import relinking
        from yinfeng.projects import achievements, dated, duty_sources, home, queries, services, stages
        from yinfeng.projects.models import Builder, Claim, Lead, Partner, Project

        home.register()
        dated.register()
        duty_sources.register()
        events.subscribe("duties.duty.approve", services.solve_by_duty)
        events.subscribe("projects.project.changed", services.hide_duties)
        search.register(Lead, queries.lead_entries)
        search.register(Project, queries.project_entries)
        mailing.mask(Project, queries.masked_projects)
        may_object(services.keep_evidence)
        may_object(services.keep_agreement)
        may_object(services.keep_closed)
        may_object(services.keep_personal_evidence)
        for verb in ("changed", "graded", "sign", "claim_verified", "entry_reversed"):
            events.subscribe(f"projects.project.{verb}", services.note_major)
        relinking.declare(relinking.Link(Lead, _("线索"), verb="projects.lead.repointed"))
        relinking.declare(relinking.Link(Project, _("项目"), verb="projects.project.repointed"))
        registered = relinking.Link(
            Project, _("注册企业"), ("registered_firm",), verb="projects.project.repointed", part="registered"
        )
        relinking.declare(registered)
        relinking.declare(relinking.Link(Builder, _("参建单位")))
        relinking.declare(relinking.Link(Partner, _("策划项目的拟对接企业"), outdoes=queries.outdoes))
        for verb in ("submit", "argue_again"):
            events.subscribe(f"projects.proposal.{verb}", services.tell_arguers)
        for verb in ("publish", "send_back", "generate"):
            events.subscribe(f"projects.proposal.{verb}", services.tell_planners)
        for verb in ("changed", "merged", "unmerged"):
            events.subscribe(f"enterprises.enterprise.{verb}", services.find_by_new_name)
        events.subscribe("projects.project.created", services.land_targets)
        events.subscribe("projects.lead.registered", services.tell_assessors)
        for verb in ("claim_submitted", "step_back_asked", "reversal_asked"):
            events.subscribe(f"projects.project.{verb}", services.tell_verifiers)
        verdicts = [
            "claim_verified",
            "claim_refuted",
            "step_back_refused",
            "entry_reversed",
            "reversal_refused",
        ]
        verdicts += [kind.move for kind in achievements.KINDS.values() if kind.move]
        verdicts += [f"return_to_{stage}" for stage in stages.ORDER[:-1]]
        for verb in verdicts:
            events.subscribe(f"projects.project.{verb}", services.tell_claimant)
        for verb in ("lose", "end", "yield", "transfer_completed", "take_out", "take_in", "take_out_due"):
            events.subscribe(f"projects.project.{verb}", services.tell_team)
        for verb in ("take_out", "take_in", "take_out_due"):
            events.subscribe(f"projects.project.{verb}", services.tell_holder)
        events.subscribe("projects.project.still_counts", services.tell_of_what_counts)
        for verb in (
            "offered",
            "accepted",
            "declined",
            "appealed",
            "awarded",
            "dismissed",
            "withdrawn",
            "completed",
        ):
            events.subscribe(f"projects.project.transfer_{verb}", services.tell_sides)
        for verb in ("raise", "answer", "decide", "withdraw"):
            events.subscribe(f"projects.dispute.{verb}", services.tell_dispute)
        for verb in ("lead.registered", "lead.changed", "project.created", "project.changed"):
            events.subscribe(f"projects.{verb}", services.tell_the_first)
        for verb in ("reopen", "take_in"):
            events.subscribe(f"projects.project.{verb}", services.tell_the_first)
        events.subscribe("enterprises.enterprise.merged", services.tell_after_merger)
        for verb in ("raised", "solved", "withdrawn", "reopened", "extended", "dropped"):
            events.subscribe(f"projects.project.bottleneck_{verb}", services.tell_unit)
        for verb in ("submitted", "corrected"):
            events.subscribe(f"projects.report.{verb}", services.tell_recipient)
        for verb in ("waived", "withdrawn"):
            events.subscribe(f"projects.reportwaiver.{verb}", services.tell_waived)
        beats.register("reports", services.tell_of_reports)
        beats.register("library", services.tell_of_leaving)
        events.was_called("projects.signature", Claim)
        events.subscribe("projects.project.member_added", services.tell_member)
