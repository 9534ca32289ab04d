"""What events of the core are called on a timeline."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "core.attachment.added": _("上传了材料"),
    "core.attachment.removed": _("撤下了材料"),
    "core.attachment.downloaded": _("下载了材料"),
    "core.user.signed_in": _("登录"),
    "core.user.sign_in_failed": _("登录失败"),
    "core.user.locked_out": _("多次登录失败，已锁定"),
    "core.user.signed_out": _("退出"),
    "core.user.password_changed": _("修改了密码"),
    "core.list.exported": _("导出了清单"),
    "core.job.started": _("发起了后台任务"),
    "core.job.run": _("开始处理"),
    "core.job.wait": _("等待确认"),
    "core.job.confirm": _("确认执行"),
    "core.job.finish": _("处理完成"),
    "core.job.fail": _("处理未完成"),
    "core.job.cancel": _("取消了任务"),
    "core.job.retry": _("重新处理"),
    "core.token.created": _("创建了接口密钥"),
    "core.token.revoked": _("停用了接口密钥"),
    "core.profile.loaded": _("载入了城市方案"),
    "core.delivery.given_up": _("对外消息多次发送失败"),
    "core.delivery.tried_again": _("重新发送对外消息"),
    "core.delivery.dropped": _("不再发送对外消息"),
    "core.access.refused": _("访问被拒绝"),
}

# The audit log alone tells them.
QUIET = ("core.attachment.downloaded",)
