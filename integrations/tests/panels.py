"""The panels of every dashboard, once: what Kibana, Grafana and Sentinel show is written from this list."""
import dataclasses
import re

SIZE, SENDER, RECIPIENT = "m365.message_trace.size", "source.user.email", "destination.user.email"
COUNT = ("count", None)
NO_DETAILS = "no details"


@dataclasses.dataclass(frozen=True)
class Panel:
    """A panel is as wide as `width` quarters of the page."""

    title: str
    # `number`; `time`: over time; `top`: the greatest; `rows`: single events, the newest first.
    kind: str
    width: int
    # A field and the value that it must have.
    where: tuple | None = None
    by: tuple = ()
    # What is counted, the first of which decides what is greatest: `count`, `sum`, `max` or `cardinality` of a field.
    metrics: tuple = (COUNT,)
    columns: tuple = ()
    # What stands in the place of a missing value of the last field; events without any other are left out.
    missing: str | None = None
    # How `top` looks.
    bars: bool = False
    size: int = 10

    @property
    def slug(self):
        return re.sub(r"[^a-z]+", "-", self.title.lower()).strip("-")

    def missing_of(self, position):
        return self.missing if position == len(self.by) - 1 else None


FAILED, QUARANTINED = ("event.outcome", "failure"), ("event.action", "quarantined")
PANELS = [
    Panel("Messages", "number", 1),
    Panel("Bytes", "number", 1, metrics=(("sum", SIZE),)),
    Panel("Failed", "number", 1, where=FAILED),
    Panel("Held in quarantine", "number", 1, where=QUARANTINED),
    Panel("Mail flow by outcome", "time", 2, by=("event.outcome",)),
    Panel("Direction", "time", 2, by=("email.direction",), missing="unknown"),
    Panel("Top senders", "top", 2, by=(SENDER,), metrics=(COUNT, ("sum", SIZE), ("cardinality", RECIPIENT))),
    Panel("Top recipients", "top", 2, by=(RECIPIENT,), metrics=(COUNT, ("sum", SIZE), ("cardinality", SENDER))),
    Panel("Failures by cause", "top", 2, FAILED, ("m365.message_trace.cause",), missing=NO_DETAILS, bars=True),
    Panel("Failures by domain of the recipient", "top", 2, FAILED, ("destination.user.domain",), bars=True),
    Panel("Failures by domain and cause", "top", 2, FAILED, ("destination.user.domain", "m365.message_trace.cause"),
          missing=NO_DETAILS, size=20),
    Panel("Rules that stopped mail", "top", 2, by=("rule.name", "m365.message_trace.cause")),
    Panel("Statuses over time", "time", 2, by=("event.action",)),
    Panel("Bytes to the outside by sender", "top", 2, ("email.direction", "outbound"), (SENDER,), (("sum", SIZE), COUNT)),
    Panel("Largest messages", "top", 4, by=("email.message_id", SENDER), metrics=(("max", SIZE), ("cardinality", RECIPIENT))),
    Panel("In quarantine", "rows", 4, QUARANTINED,
          columns=(SENDER, RECIPIENT, "email.subject", "m365.message_trace.cause", "source.ip", SIZE)),
]

LABELS = {"event.outcome": "Outcome", "email.direction": "Direction", SENDER: "Sender", RECIPIENT: "Recipient",
          "m365.message_trace.cause": "Cause", "destination.user.domain": "Domain", "rule.name": "Rule", "event.action": "Status",
          "email.message_id": "Message", "email.subject": "Subject", "source.ip": "Source", SIZE: "Bytes", "@timestamp": "Time"}


def metric_label(metric):
    kind, field = metric
    return {"count": "Messages", "sum": "Bytes", "max": "Bytes"}.get(kind) or f"{LABELS[field]}s"


def places(columns, heights):
    """Where each panel stands: left, top, width, height, in a page of that many columns."""
    left = top = row = 0
    for panel in PANELS:
        width, height = columns * panel.width // 4, heights[panel.kind]
        if left + width > columns:
            left, top, row = 0, top + row, 0
        yield panel, (left, top, width, height)
        left, row = left + width, max(row, height)
