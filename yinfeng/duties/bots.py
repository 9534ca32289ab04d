"""Messages through the group robots of WeCom (企业微信) and DingTalk (钉钉): two channels of the outbox.

Only a robot's key is stored; the address is built from it here, so nothing that somebody types chooses where the product connects to.
Formats: developer.work.weixin.qq.com/document/path/91770 (群机器人) and open.dingtalk.com/document/group/custom-robot-access
(自定义机器人). Plain text on purpose: in Markdown the title of a row could write links of its own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from http.client import HTTPException, HTTPSConnection
from urllib.parse import parse_qs, urlencode, urlsplit

from django.utils.translation import gettext as _

from yinfeng.core.errors import Invalid
from yinfeng.core.models import Delivery
from yinfeng.core.outbox import NotSent, Unsure, register
from yinfeng.duties.models import Bot

# host, path and the parameter that holds the key
PLACES = {
    "wecom": ("qyapi.weixin.qq.com", "/cgi-bin/webhook/send", "key"),
    "dingtalk": ("oapi.dingtalk.com", "/robot/send", "access_token"),
}
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,200}")
SECONDS = 10
# A WeCom text holds 2,048 bytes of UTF-8; DingTalk allows more, nobody reads more.
BYTES = 2000
ANSWER = 64 * 1024


def token_of(channel: str, address: str) -> str:
    """Return the key in a robot's webhook address; Invalid unless it is one of the platform's own."""
    host, path, name = PLACES[channel]
    wrong = Invalid(_("请填写机器人设置页上复制的完整 Webhook 地址。"), fields={
        "address": [_("地址应以 https://%(place)s?%(name)s= 开头。") % {"place": host + path, "name": name}]
    })  # fmt: skip
    try:
        parts = urlsplit(address.strip())
        plain = parts.scheme == "https" and parts.netloc == host and parts.path == path
        (token,) = parse_qs(parts.query).get(name, [""])
    except ValueError as error:
        raise wrong from error
    if not (plain and _TOKEN.fullmatch(token)):
        raise wrong
    return token


def signature(secret: str, timestamp: int) -> str:
    """Return DingTalk's signature (加签): Base64 of HMAC-SHA-256 over “timestamp in ms, line break, secret” with the secret as key."""
    message = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()


def target(bot: Bot, timestamp: int) -> tuple[str, str]:
    """Return the host and the path with its query to which a robot's messages are posted; ``timestamp`` in milliseconds."""
    host, path, name = PLACES[bot.channel]
    query: dict[str, str | int] = {name: bot.token}
    if bot.channel == "dingtalk" and bot.secret:
        query |= {"timestamp": timestamp, "sign": signature(bot.secret, timestamp)}
    return host, f"{path}?{urlencode(query)}"


def body(text: str) -> bytes:
    """Return a text message as both platforms take it: cut at a character, and no mention of anybody (<@…>)."""
    text = text.replace("<@", "＜@")
    if len(text.encode()) > BYTES:
        text = text.encode()[: BYTES - 3].decode(errors="ignore") + "…"
    return json.dumps({"msgtype": "text", "text": {"content": text}}, ensure_ascii=False).encode()


def post(host: str, path: str, content: bytes) -> bytes:
    """Post JSON over HTTPS and return the answer; redirections are not followed. Unsure when it left and no answer came."""
    connection = HTTPSConnection(host, timeout=SECONDS)
    why: type[NotSent] = NotSent
    try:
        connection.connect()
        why = Unsure
        connection.request("POST", path, content, {"Content-Type": "application/json; charset=utf-8"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise NotSent(_("对方返回状态 %(status)s。") % {"status": answer.status})
        return answer.read(ANSWER)
    except (OSError, HTTPException) as error:
        raise why(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()


def send(delivery: Delivery) -> None:
    """Send a message of the outbox through the robot that its address names."""
    bot = Bot.objects.filter(pk=int(delivery.address), channel=delivery.channel).first()
    if bot is None:
        raise NotSent(_("这个群机器人已被删除。"))
    answer = post(*target(bot, int(time.time() * 1000)), body(delivery.text))
    try:
        told = json.loads(answer)
        code, words = told["errcode"], told.get("errmsg", "")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotSent(_("对方的回答不是约定的格式。")) from error
    if code != 0:
        raise NotSent(f"{code} {str(words)[:200]}")


for _channel in PLACES:
    register(_channel, send, takes_key=False)
