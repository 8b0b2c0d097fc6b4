"""The target `sekoia` as a Python program would map it, with the `json` of the standard library or with orjson.

Answers the bench's commands: `run sekoia LIBRARY 0` maps the corpus once and answers the thread's processor time in
nanoseconds and the bytes written; `write sekoia LIBRARY ROWS PATH` writes the events of the first rows.
"""

import json
import sys
import time
from datetime import datetime, timedelta, timezone
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton

EPOCH = datetime(1970, 1, 1)


def utc(text):
    """The text form of a time: UTC, no fraction when it is zero, else six digits."""
    if text.startswith("/Date("):
        return (EPOCH + timedelta(milliseconds=int(text[6:-2]))).isoformat() + "Z"
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None and moment.tzinfo is not timezone.utc:
        moment = moment.astimezone(timezone.utc)
    return moment.replace(tzinfo=None).isoformat() + "Z"


def address(text):
    """The canonical form of an IP address; none for everything else."""
    if not text:
        return None
    try:
        if ":" in text:
            return inet_ntop(AF_INET6, inet_pton(AF_INET6, text))
        inet_pton(AF_INET, text)
        return text
    except OSError:
        return None


def event(line, row):
    """The event of one row."""
    graph = "receivedDateTime" in row
    if graph:
        received = row["receivedDateTime"]
        status, sender, recipient = row.get("status"), row.get("senderAddress"), row.get("recipientAddress")
        message_id, subject, size = row.get("messageId"), row.get("subject"), row.get("size")
        source, destination = address(row.get("fromIP")), address(row.get("toIP"))
        if message_id and message_id[0] == "<" and message_id[-1] == ">":
            message_id = message_id[1:-1]
    else:
        received = row["Received"]
        status, sender, recipient = row.get("Status"), row.get("SenderAddress"), row.get("RecipientAddress")
        message_id, subject, size = row.get("MessageId"), row.get("Subject"), row.get("Size")
        source, destination = address(row.get("FromIP")), None
    kind = {"category": ["email"], "type": ["info"]}
    if status:
        kind["action"] = status
    out = {"message": line, "event": kind, "@timestamp": utc(received)}
    email = {}
    if sender:
        email["from"] = {"address": [sender]}
    if recipient:
        email["to"] = {"address": [recipient]}
    if message_id:
        email["message_id"] = message_id
    if subject:
        email["subject"] = subject
    if email:
        out["email"] = email
    if graph:
        if size is not None:
            out["network"] = {"bytes": size}
    else:
        trace = {}
        if row.get("MessageTraceId"):
            trace["MessageTraceId"] = row["MessageTraceId"]
        if size is not None:
            trace["Size"] = size
        if trace:
            out["office365"] = {"message_trace": trace}
        if row.get("Organization"):
            out["organization"] = {"name": row["Organization"]}
    related = []
    if source:
        out["source"] = {"ip": source, "address": source}
        related.append(source)
    if destination:
        out["destination"] = {"ip": destination, "address": destination}
        if destination != source:
            related.append(destination)
    if related:
        out["related"] = {"ip": related}
    return out


def with_json(lines, write):
    """Maps all lines with the standard library."""
    loads = json.loads
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    for line in lines:
        write(encode(event(line, loads(line))).encode() + b"\n")


def with_orjson(lines, write):
    """Maps all lines with orjson."""
    import orjson

    loads, dumps, end = orjson.loads, orjson.dumps, orjson.OPT_APPEND_NEWLINE
    for line in lines:
        write(dumps(event(line, loads(line)), option=end))


LIBRARIES = {"json": with_json, "orjson": with_orjson}


def main():
    path, rows = sys.argv[1], int(sys.argv[2])
    with open(path, encoding="utf-8", newline="\n") as corpus:
        lines = [line.rstrip("\n") for line, _ in zip(corpus, range(rows))]
    for command in sys.stdin:
        words = command.split()
        if words[0] == "write":
            with open(words[4], "wb") as out:
                LIBRARIES[words[2]](lines[: int(words[3])], out.write)
            print("0 0", flush=True)
            continue
        written = []
        start = time.thread_time_ns()
        LIBRARIES[words[2]](lines, written.append)
        spent = time.thread_time_ns() - start
        print(spent, sum(map(len, written)), flush=True)


main()
