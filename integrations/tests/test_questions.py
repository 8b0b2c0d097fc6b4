"""The questions in KQL, asked of the same planted archive as the program's SQL: do both say the same?"""
import datetime as dt
import math
import re
import sys

import duckdb
import pyarrow as pa
import pytest

import sentinel
from events import ROOT

sys.path.insert(0, str(ROOT / "crates/analytics/tests/duckdb"))
from planted import LAST, rows  # noqa: E402

QUESTIONS = {path.stem: path for path in sorted((ROOT / "integrations/sentinel/queries").glob("*.kql"))}
SQL = {path.stem: path for path in (ROOT / "crates/analytics/sql").glob("*.sql")}
PRELUDE = (ROOT / "integrations/sentinel/events.kql").read_text()
ONCE = "    | summarize arg_max(EventSequence, *) by Row = iff(isempty(NetworkMessageId), EventUid, Row)\n"
EVENTS = "    | summarize arg_max(EventSequence, *) by EventUid\n" + PRELUDE.partition(ONCE)[2]
# Look-alikes need a table that the program makes.
NOT_IN_KQL = {"lookalikes"}
# A percentile of KQL is a value that is there, one of SQL the mean of two: what they judge may differ, whom not.
ONLY = {"baseline": ("day", "sender", "messages", "bytes", "history", "recipients", "basis")}
NAMES = {"begin": "Begin", "message": "Message", "history": "HistoryDays"}


def event(row):
    """A row of the archive as an event of target `ecs`."""
    found = {
        "@timestamp": row["time"].isoformat() + "Z",
        "email": {"direction": row["direction"], "local_id": row["trace_id"], "message_id": row["message_id"],
                  "subject": row["subject"], "to": {"address": [row["recipient"]]}},
        "destination": {"user": {"domain": row["recipient_domain"]}},
        "event": {"id": row["event_id"], "action": row["status"], "outcome": row["outcome"], "original": "{}"},
        "m365": {"message_trace": {"size": row["size"], "status": row["status"]}},
        "source": {"ip": row["source_ip"]},
    }
    if row["sender"]:
        found["email"]["from"] = {"address": [row["sender"]]}
        found["source"]["user"] = {"domain": row["sender_domain"]}
    if row["is_bounce"]:
        found["m365"]["message_trace"]["is_bounce"] = True
    return found


@pytest.fixture(scope="module")
def workspace():
    # Log Analytics keeps repeats: the first hundred rows are there twice, first as they were before.
    before = [{**event(row), "event": {**event(row)["event"], "outcome": "unknown", "action": "pending"}} for row in rows[:100]]
    after = [event(row) for row in rows]
    for one, row in zip(after, rows):
        one["event"]["sequence"] = 2 + (row["sequence"] or 0)
    return sentinel.workspace(before + after)


@pytest.fixture(scope="module")
def archive():
    connection = duckdb.connect()
    table = pa.Table.from_pylist(rows, pa.schema([
        ("event_id", pa.string()), ("sequence", pa.int64()), ("time", pa.timestamp("us")), ("day", pa.date32()), ("sender", pa.string()),
        ("sender_domain", pa.string()), ("recipient", pa.string()), ("recipient_domain", pa.string()), ("subject", pa.string()),
        ("message_id", pa.string()), ("trace_id", pa.string()), ("status", pa.string()), ("cause", pa.string()),
        ("outcome", pa.string()), ("direction", pa.string()), ("size", pa.int64()), ("source_ip", pa.string()),
        ("is_bounce", pa.bool_())]))
    connection.register("events", table)
    views = ROOT / "crates/analytics/sql/views"
    connection.execute("CREATE VIEW records AS " + (views / "records.sql").read_text())
    return connection


def since(query):
    """The day that a question is about stands in its first `let`."""
    return query.replace("let Since = startofday(ago(1d));", f"let Since = datetime({LAST.date()});")


def plain(value):
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, dt.date):
        return dt.datetime.combine(value, dt.time()).isoformat()
    # A text that is missing is empty in KQL.
    if value == "":
        return None
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def same(one, other):
    return math.isclose(one, other, rel_tol=1e-9) if isinstance(one, float) and isinstance(other, float) else one == other


def asked(columns, answer, names):
    positions = [columns.index(name) for name in names]
    return sorted(([plain(row[position]) for position in positions] for row in answer), key=repr)


def both(name, workspace, archive):
    sql = SQL[name].read_text()
    cursor = archive.execute(sql, {"since": LAST.date().isoformat()} if "$since" in sql else None)
    sql_columns = [column[0] for column in cursor.description]
    expected = cursor.fetchall()
    names = ONLY.get(name, sql_columns)
    columns, found = sentinel.ask(workspace, since(QUESTIONS[name].read_text()))
    kql_names = [NAMES.get(column, "".join(part.capitalize() for part in column.split("_"))) for column in names]
    assert name in ONLY or sorted(kql_names) == sorted(columns)
    return asked(columns, found, kql_names), asked(sql_columns, expected, names)


@pytest.mark.parametrize("name", QUESTIONS)
def test_kql_says_what_sql_says(name, workspace, archive):
    found, expected = both(name, workspace, archive)
    assert expected, "the planted archive has no answer: this would prove nothing"
    assert len(found) == len(expected)
    for one, other in zip(found, expected):
        assert all(map(same, one, other)), f"KQL {one}\nSQL {other}"


def test_every_question_is_there():
    assert set(QUESTIONS) == set(SQL) - NOT_IN_KQL


def test_repeats_would_be_seen(workspace, archive):
    """Without the first step of every query, rows that came twice count twice."""
    _, expected = both("mail-flow", workspace, archive)
    query = QUESTIONS["mail-flow"].read_text().replace(ONCE, "")
    columns, found = sentinel.ask(workspace, query)
    # The hundred that came twice, and the two rows that were delivered after they were something else.
    assert sum(row[columns.index("Messages")] for row in found) == sum(row[1] for row in expected) + 102


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_query_begins_in_the_same_way(name):
    text = QUESTIONS[name].read_text()
    # What a row was before is what one question asks for.
    assert (PRELUDE if name != "quarantined-then-delivered" else EVENTS) in text
    comment = re.match(r"(?:// .*\n)+", text).group()
    assert SQL[name].read_text().split("\n")[0].removeprefix("-- ").split(":")[0] in comment


def test_records_are_those_of_the_sink():
    """`sentinel.py` fills the columns from where `sentinel/columns.rs` says, with its words."""
    source = (ROOT / "crates/sinks/src/sentinel/columns.rs").read_text()
    first = re.findall(r'column\(\s*"(\w+)",\s*\w+,\s*First\(&\["([\w.]+)"', source)
    assert dict(first) == sentinel.TAKEN | {"Src": "source.ip", "Dst": "destination.ip"}
    always = dict(re.findall(r'column\("(\w+)", \w+, Always\("([^"]+)"\)\)', source))
    record = sentinel.record(event(rows[0]))
    assert len(always) == 5 and {name: str(record[name]) for name in always} == always
    words = {name: dict(re.findall(r'\("([\w-]+)", "([\w.]+)"\)', body))
             for name, body in re.findall(r"const (\w+): &\[\(&str, &str\)\] = &\[(.*?)\];", source, re.S)}
    assert words == {"RESULTS": sentinel.RESULTS, "SUB_TYPES": sentinel.SUB_TYPES, "DIRECTIONS": sentinel.DIRECTIONS,
                     "ACTIONS": sentinel.ACTIONS, "LOCATIONS": sentinel.LOCATIONS, "TYPES": sentinel.TYPES,
                     "SCHEMAS": sentinel.SCHEMAS, "SCHEMA_VERSIONS": sentinel.SCHEMA_VERSIONS,
                     "ALERT_STATUS": sentinel.ALERT_STATUS}
    assert re.findall(r'for path in \[([^\]]+)\] \{\n\s+take', (ROOT / "crates/sinks/src/sentinel/encode.rs").read_text()) == [
        '"@timestamp", "event.id", "event.sequence"']
