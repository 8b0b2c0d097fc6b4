"""A workbook of Sentinel: each panel a query in KQL over the table of the workspace."""
import uuid

from fields import INTEGRATIONS
from panels import LABELS, PANELS, RECIPIENT, SENDER, SIZE, metric_label

PRELUDE = (INTEGRATIONS / "sentinel/events.kql").read_text()
# What `events.kql` calls a field.
NAMES = {"event.outcome": "Outcome", "email.direction": "Direction", SENDER: "Sender", RECIPIENT: "Recipient",
         "m365.message_trace.cause": "Cause", "destination.user.domain": "RecipientDomain", "event.action": "Status", SIZE: "Size",
         "rule.name": "tostring(AdditionalFields.rule.name)", "email.message_id": "InternetMessageId",
         "email.subject": "EmailSubject", "source.ip": "SrcIpAddr"}
SHOWN = {"number": "tiles", "time": "timechart", "top": "table", "rows": "table"}
WORKSPACES = "microsoft.operationalinsights/workspaces"


def counted(metric):
    kind, field = metric
    name = NAMES.get(field)
    what = {"count": "count()", "sum": f"sum({name})", "max": f"max({name})", "cardinality": f"dcountif({name}, isnotempty({name}))"}
    return f"{metric_label(metric)} = {what[kind]}"


def query(panel):
    steps = [f'where {NAMES[panel.where[0]]} == "{panel.where[1]}"'] if panel.where else []
    if panel.kind == "rows":
        steps += ["top 100 by Time desc", "project Time, " + ", ".join(f"{LABELS[name]} = {NAMES[name]}" for name in panel.columns)]
        return PRELUDE + "Mail\n" + "".join(f"| {step}\n" for step in steps)
    by = []
    for position, field in enumerate(panel.by):
        name, missing = NAMES[field], panel.missing_of(position)
        by.append(f'{LABELS[field]} = iff(isempty({name}), "{missing}", {name})' if missing else f"{LABELS[field]} = {name}")
        steps += [] if missing else [f"where isnotempty({name})"]
    if panel.kind == "time":
        by.insert(0, "Time = bin(Time, 1h)")
    steps.append(f"summarize {', '.join(map(counted, panel.metrics))}" + (f" by {', '.join(by)}" if by else ""))
    if panel.kind == "top":
        steps.append(f"top {panel.size} by {metric_label(panel.metrics[0])} desc")
    return PRELUDE + "Mail\n" + "".join(f"| {step}\n" for step in steps)


def item(panel):
    shown = "barchart" if panel.bars else SHOWN[panel.kind]
    content = {"version": "KqlItem/1.0", "query": query(panel), "size": 4 if panel.kind == "number" else 0, "title": panel.title,
               "timeContextFromParameter": "TimeRange", "queryType": 0, "resourceType": WORKSPACES, "visualization": shown}
    if panel.kind == "number":
        content["tileSettings"] = {"showBorder": False, "titleContent": {"columnMatch": metric_label(panel.metrics[0]),
                                                                        "formatter": 12, "formatOptions": {"palette": "auto"}}}
    return {"type": 3, "content": content, "customWidth": str(25 * panel.width), "name": panel.slug}


def notebook():
    days = [{"durationMs": number * 86_400_000} for number in (1, 2, 7, 14, 30)]
    parameter = {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, "message-trace/workbook/time-range")), "version": "KqlParameterItem/1.0",
                 "name": "TimeRange", "label": "Time range", "type": 4, "isRequired": True, "value": days[2],
                 "typeSettings": {"selectableValues": days, "allowCustom": True}}
    return {
        "version": "Notebook/1.0",
        "items": [
            {"type": 1, "name": "title", "content": {"json": "## Message trace of Microsoft 365\n\nA row counts once for each status that it had."}},
            {"type": 9, "name": "parameters", "content": {"version": "KqlParameterItem/1.0", "parameters": [parameter],
                                                          "style": "pills", "queryType": 0, "resourceType": WORKSPACES}},
            *map(item, PANELS),
        ],
        "fallbackResourceIds": [],
        "$schema": "https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json",
    }
