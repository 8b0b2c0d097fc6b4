"""The same mapping with the JSON readers of Python: what a user would write without this package.

Both give the target `sekoia` of a well-formed row, as the mapping says: known fields, canonical addresses, times cut to
microseconds. They check less than the package does (depth, length, calendar, options) and keep no account of rejections.
"""

from __future__ import annotations

import json
import socket
from datetime import datetime, timezone
from typing import Any, Callable

import orjson


def when(text: str) -> str:
    if text.startswith("/Date("):
        # Thirteen digits are the years 2001 to 2286; an offset changes nothing.
        moment = datetime.fromtimestamp(int(text[6:19]) / 1000, timezone.utc)
    else:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None and moment.tzinfo is not timezone.utc:
            moment = moment.astimezone(timezone.utc)
    return moment.isoformat().removesuffix("+00:00") + "Z"


def address(text: str | None) -> str | None:
    if not text:
        return None
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    try:
        return socket.inet_ntop(family, socket.inet_pton(family, text))
    except (OSError, ValueError):
        return None


def event(line: str, row: dict[str, Any]) -> dict[str, Any]:
    graph = "receivedDateTime" in row
    get = row.get
    names = GRAPH if graph else REPORTING
    received, sender, recipient, message_id, subject, status, from_ip, to_ip = (get(name) for name in names)
    out: dict[str, Any] = {"message": line, "event": {"category": ["email"], "type": ["info"]}}
    if status:
        out["event"] = {"action": status, **out["event"]}
    out["@timestamp"] = when(received)
    source, destination = address(from_ip), address(to_ip) if graph else None
    if destination:
        out["destination"] = {"address": destination, "ip": destination}
    email: dict[str, Any] = {}
    if sender:
        email["from"] = {"address": [sender]}
    if message_id:
        enclosed = graph and message_id.startswith("<") and message_id.endswith(">")
        email["message_id"] = message_id[1:-1] if enclosed else message_id
    if subject:
        email["subject"] = subject
    if recipient:
        email["to"] = {"address": [recipient]}
    if email:
        out["email"] = email
    if graph:
        if get("size") is not None:
            out["network"] = {"bytes": int(row["size"])}
    else:
        trace = {"MessageTraceId": get("MessageTraceId"), "Size": get("Size")}
        out["office365"] = {"message_trace": {key: value for key, value in trace.items() if value is not None}}
        if get("Organization"):
            out["organization"] = {"name": row["Organization"]}
    related = list(dict.fromkeys(ip for ip in (source, destination) if ip))
    if related:
        out["related"] = {"ip": related}
    if source:
        out["source"] = {"address": source, "ip": source}
    return out


GRAPH = (
    "receivedDateTime",
    "senderAddress",
    "recipientAddress",
    "messageId",
    "subject",
    "status",
    "fromIP",
    "toIP",
)
REPORTING = (
    "Received",
    "SenderAddress",
    "RecipientAddress",
    "MessageId",
    "Subject",
    "Status",
    "FromIP",
    "ToIP",
)


def with_orjson(lines: bytes) -> bytes:
    out = []
    for line in lines.splitlines():
        out.append(orjson.dumps(event(line.decode(), orjson.loads(line)), option=orjson.OPT_APPEND_NEWLINE))
    return b"".join(out)


def with_json(lines: bytes) -> bytes:
    out = []
    for line in lines.splitlines():
        out.append(json.dumps(event(line.decode(), json.loads(line)), ensure_ascii=False).encode() + b"\n")
    return b"".join(out)


PEERS: dict[str, Callable[[bytes], bytes]] = {"orjson": with_orjson, "json": with_json}
