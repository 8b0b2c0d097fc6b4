"""Events of target `ecs` as records of the table in Sentinel, as `sentinel/columns.rs` has them, in DuckDB to be asked in KQL."""
import copy
import json

import duckdb_kql
import pyarrow as pa

from fields import COLUMNS

DIRECTIONS = {"inbound": "Inbound", "outbound": "Outbound", "internal": "Internal"}
SUB_TYPES = {"outbound": "EmailSent", "inbound": "EmailReceived"}
RESULTS = {"success": "Success", "failure": "Failure"}
ACTIONS = {"delivered": "Delivered", "filtered-as-spam": "Delivered", "quarantined": "Quarantined"}
LOCATIONS = {"filtered-as-spam": "Junk", "quarantined": "Quarantine"}
TYPES = {"alert": "Alert"}
SCHEMAS = {"alert": "AlertEvent"}
SCHEMA_VERSIONS = {"alert": "0.1"}
ALERT_STATUS = {"raised": "Active", "closed": "Closed"}
TAKEN = {"EmailFromAddress": "email.from.address", "EmailFromDomain": "source.user.domain", "EmailSubject": "email.subject",
         "EmailToRecipients": "email.to.address", "EmailSizeBytes": "m365.message_trace.size", "SrcIpAddr": "source.ip",
         "DstIpAddr": "destination.ip", "InternetMessageId": "email.message_id", "NetworkMessageId": "email.local_id",
         "EventOriginalResultDetails": "m365.message_trace.status", "RawData": "event.original",
         "AlertId": "m365.message_trace.alert.id", "AlertEvidence": "m365.message_trace.alert.event_ids",
         "AttackTactics": "threat.tactic.name", "AttackTechniques": "threat.technique.id", "Username": "user.email"}
KINDS = {"datetime": "TIMESTAMP", "string": "VARCHAR", "int": "INTEGER", "long": "BIGINT", "dynamic": "JSON"}


def get(event, path):
    for key in path.split("."):
        event = event.get(key) if isinstance(event, dict) else None
    return event


def take(event, path):
    key, _, below = path.partition(".")
    if not below:
        event.pop(key, None)
    elif key in event:
        take(event[key], below)
        if event[key] == {}:
            del event[key]


def severity(number):
    return "Informational" if number is None else "Low" if number < 35 else "Medium" if number < 60 else "High"


def record(event):
    action, direction, kind = get(event, "event.action"), get(event, "email.direction"), get(event, "event.kind")
    found = {
        "TimeGenerated": event["@timestamp"], "EventStartTime": event["@timestamp"], "EventEndTime": event["@timestamp"],
        "EventCount": 1, "EventType": TYPES.get(kind, "EmailDelivery"), "EventSubType": SUB_TYPES.get(direction),
        "EventResult": RESULTS.get(get(event, "event.outcome"), "NA"), "EventProduct": "Exchange Online",
        "EventVendor": "Microsoft", "EventSchema": SCHEMAS.get(kind, "EmailEvent"),
        "EventSchemaVersion": SCHEMA_VERSIONS.get(kind, "1.0.0"), "AlertStatus": ALERT_STATUS.get(action),
        "EventSeverity": severity(get(event, "event.severity")), "EventUid": event["event"]["id"],
        "EventSequence": event["event"].get("sequence", 0), "Dvc": "Exchange Online",
        "DvcAction": ACTIONS.get(action, "NA"), "EmailDeliveryLocation": LOCATIONS.get(action),
        "EmailDirection": DIRECTIONS.get(direction, "Unknown"), "EmailProtocolName": "SMTP",
    }
    rest = copy.deepcopy(event)
    for column, path in TAKEN.items():
        value = get(event, path)
        if isinstance(value, list) and COLUMNS[column] != "dynamic":
            value = value[0]
        found[column] = json.dumps(value) if COLUMNS[column] == "dynamic" and value is not None else value
        take(rest, path)
    for path in ("@timestamp", "event.id", "event.sequence"):
        take(rest, path)
    found.update(Src=found["SrcIpAddr"], AdditionalFields=json.dumps(rest),
                 Dst=found["DstIpAddr"] or next(iter(get(event, "email.to.address") or []), None))
    return found


# What `detect` delivers. In every workspace, for no query about mail may count it.
ALERT = {
    "@timestamp": "2026-11-02T00:00:00.000Z", "ecs": {"version": "9.4.0"},
    "event": {"kind": "alert", "action": "raised", "id": "fan-out/user1@contoso.com/2026-11-02/raised", "severity": 47},
    "rule": {"id": "fan-out", "name": "Very many different recipients"}, "user": {"email": "user1@contoso.com"},
    "threat": {"tactic": {"name": ["Initial Access"]}, "technique": {"id": ["T1078"]}},
    "m365": {"message_trace": {"alert": {"id": "fan-out/user1@contoso.com/2026-11-02", "event_ids": ["a", "b"]}}},
}


def workspace(events):
    """A workspace with the table, filled."""
    records = [record(event) for event in [*events, ALERT]]
    assert {name for one in records for name in one} == set(COLUMNS)
    connection = duckdb_kql.connect()
    text = pa.table({name: pa.array([None if one[name] is None else str(one[name]) for one in records], pa.string())
                     for name in COLUMNS})
    connection.register("text", text)
    casts = ", ".join(f"{name}::{KINDS[kind]} AS {name}" for name, kind in COLUMNS.items())
    connection.sql(f"CREATE TABLE MessageTrace_CL AS SELECT {casts} FROM text")
    return connection


def ask(connection, query):
    result = duckdb_kql.query(connection, query)
    return result.columns, result.fetchall()
