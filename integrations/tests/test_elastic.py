"""Detection rules of Elastic: what Kibana imports, and what each finds among planted events.

    BLESS=1 python -m pytest integrations/tests/test_elastic.py      writes detection-rules.ndjson
"""
import json
import re
import uuid

import esql
import pytest
import yaml

import bless
import esql_sql
import fields
import test_questions
import test_sigma
from events import ROOT, delivered_twice, hits, quiet

ELASTIC = ROOT / "integrations/elastic"
OWN = {path.stem: yaml.safe_load(path.read_text()) for path in sorted((ELASTIC / "rules").glob("*.yaml"))}
SIGMA = {test_sigma.short(path): path for path in test_sigma.FILES}
INDEX = "logs-m365.message_trace-*"
KEEP = ["_id", "_version", "_index", "@timestamp", "event.id", "event.action", "email.direction", "email.subject", "source.user.email",
        "destination.user.email", "source.ip", "m365.message_trace.size", "m365.message_trace.cause"]
# As Elastic's own rules have it.
RISKS = {"low": 21, "medium": 47, "high": 73}
# MITRE ATT&CK v17, attack.mitre.org.
TACTICS = {"initial-access": "TA0001", "defense-evasion": "TA0005", "lateral-movement": "TA0008", "collection": "TA0009",
           "exfiltration": "TA0010", "impact": "TA0040", "reconnaissance": "TA0043"}
TECHNIQUES = {
    "t1048": "Exfiltration Over Alternative Protocol", "t1078": "Valid Accounts", "t1114": "Email Collection",
    "t1114.003": "Email Forwarding Rule", "t1534": "Internal Spearphishing", "t1566": "Phishing",
    "t1589": "Gather Victim Identity Information", "t1589.002": "Email Addresses", "t1595": "Active Scanning",
    "t1656": "Impersonation", "t1667": "Email Bombing",
}


def technique(tag):
    path = tag.upper().replace(".", "/")
    return {"id": tag.upper(), "name": TECHNIQUES[tag], "reference": f"https://attack.mitre.org/techniques/{path}/"}


def threats(tags):
    tags = [tag.removeprefix("attack.") for tag in tags]
    tactics = [tag for tag in tags if tag in TACTICS]
    found = {}
    for tag in (tag for tag in tags if tag not in TACTICS):
        whole, _, part = tag.partition(".")
        one = found.setdefault(whole, technique(whole) | {"subtechnique": []})
        if part:
            one["subtechnique"].append(technique(tag))
    names = {tactic: tactic.replace("-", " ").title() for tactic in tactics}
    return [{"framework": "MITRE ATT&CK", "technique": list(found.values()),
             "tactic": {"id": TACTICS[tactic], "name": names[tactic], "reference": f"https://attack.mitre.org/tactics/{TACTICS[tactic]}/"}}
            for tactic in tactics]


def hours(text):
    number, unit = re.fullmatch(r"(?:now-)?(\d+)([hd])(?:/d)?", text).groups()
    return int(number) * {"h": 1, "d": 24}[unit]


def rule(about, more):
    return {
        "rule_id": about["id"], "name": f"Message trace: {about['title']}", "description": " ".join(about["description"].split()),
        "risk_score": RISKS[about["level"]], "severity": about["level"], "enabled": False, "version": 1,
        "author": ["message-trace"], "references": about.get("references", []), "false_positives": about["falsepositives"],
        "tags": ["Message trace", "Microsoft 365"], "threat": threats(about["tags"]), "max_signals": 100,
        # A row may arrive long after its own time.
        "timestamp_override": "event.ingested", "to": "now",
    } | more


# A message to a recipient, however often it was delivered to the data stream.
ROW = 'count_distinct(concat(email.local_id, "/", destination.user.email))'


def of_sigma(path):
    query = test_sigma.convert(path, "elasticsearch-esql").replace("event_count=count()", f"event_count={ROW}")
    correlation = next((one["correlation"] for one in test_sigma.documents(path) if "correlation" in one), None)
    kept = KEEP if correlation is None else ["timebucket", *correlation["group-by"], correlation["type"]]
    return rule(test_sigma.documents(path)[-1], {
        "type": "esql", "language": "esql", "query": f"{query}\n| keep {', '.join(kept)}", "interval": "1h",
        # A day that is counted is looked at whole.
        "from": "now-2d" if correlation and correlation["timespan"] == "1d" else "now-3h",
    })


def of_own(about):
    if about["type"] == "new_terms":
        more = {"language": "kuery", "index": [INDEX], "new_terms_fields": [about["field"]], "history_window_start": about["history"]}
    else:
        more = {"language": "esql"}
    return rule(about, more | {"type": about["type"], "query": about["query"].strip(), "interval": about["interval"], "from": about["from"]})


RULES = {name: of_sigma(path) for name, path in SIGMA.items()} | {name: of_own(about) for name, about in OWN.items()}
ESQL = sorted(name for name, one in RULES.items() if one["language"] == "esql")


def test_the_file_to_import_is_made_of_the_rules():
    bless.file(ELASTIC / "detection-rules.ndjson", "\n".join(json.dumps(one) for one in RULES.values()))


@pytest.mark.parametrize("name", RULES)
def test_a_rule_has_what_kibana_asks_for(name):
    one = RULES[name]
    assert str(uuid.UUID(one["rule_id"])) == one["rule_id"] and one["query"] and one["threat"]
    assert re.fullmatch(r"\d+[hd]", one["interval"]) and re.fullmatch(r"now-\d+[hd](/d)?", one["from"])
    assert one["timestamp_override"] in fields.elastic()
    for threat in one["threat"]:
        parents = {parent["id"] for parent in threat["technique"]}
        assert {sub["id"].split(".")[0] for parent in threat["technique"] for sub in parent["subtechnique"]} <= parents
    if one["type"] == "new_terms":
        named = re.findall(r"([\w.@]+) ?:", one["query"])
        assert named and set(named + one["new_terms_fields"]) <= set(fields.elastic())
        assert hours(one["history_window_start"]) > hours(one["from"])
    assert hours(one["from"]) > hours(one["interval"]), "what arrives while a run takes place would be missed"


def test_identifiers_and_names_are_unique():
    for key in ("rule_id", "name"):
        assert len({one[key] for one in RULES.values()}) == len(RULES) == len(SIGMA) + len(OWN)


@pytest.mark.parametrize("name", ESQL)
def test_the_parser_accepts_every_query(name):
    esql_sql.read(RULES[name]["query"])


def test_the_parser_finds_a_fault():
    query = OWN["unusual_volume"]["query"]
    for right, wrong in {"email.direction": "email.directions", "median(": "medium(", '== "outbound"': "== 5", "| keep": "| kept",
                         "yesterday": "last"}.items():
        assert right in query
        with pytest.raises(esql.EsqlError):
            esql_sql.read(query.replace(right, wrong))


@pytest.fixture(scope="module")
def planted():
    return esql_sql.cluster(delivered_twice())


@pytest.mark.parametrize("name", SIGMA)
def test_each_rule_finds_what_was_planted_and_nothing_else(name, planted):
    def found(connection):
        rows = esql_sql.ask(connection, RULES[name]["query"], "2026-11-05")
        # A row may be found as it was before too.
        if "event.id" in (rows[0] if rows else {}):
            return {(row["event.id"].rpartition("/")[0],) for row in rows}
        return {tuple(row[key] for key in list(row)[1:-1]) for row in rows}
    expected = {(one.rpartition("/")[0] if one.startswith("trace-") else one, *more) for one, *more in hits[name]}
    assert found(planted) == expected
    assert not found(esql_sql.cluster(quiet))


def test_unusual_volume_finds_what_was_planted_in_the_archive():
    def event(row):
        one = test_questions.event(row)
        if row["sender"]:
            one["source"]["user"]["email"] = row["sender"]
        one["destination"]["user"]["email"] = row["recipient"]
        return one
    # Every row was delivered twice, to see that it counts once.
    index = esql_sql.cluster([event(row) for row in test_questions.rows] * 2)
    # At night after the last day, which is then yesterday; and a day before.
    after, before = (str(test_questions.LAST.date() + test_questions.dt.timedelta(days=days)) for days in (1, 0))
    query = RULES["unusual_volume"]["query"]
    assert {row["source.user.email"] for row in esql_sql.ask(index, query, after)} == {"user1@contoso.com", "user2@contoso.com"}
    assert esql_sql.ask(index, query, before) == []
    (volume,) = (row for row in esql_sql.ask(index, query, after) if row["source.user.email"] == "user1@contoso.com")
    sent = [row for row in test_questions.rows if row["sender"] == "user1@contoso.com" and row["direction"] == "outbound"]
    assert volume["messages"] == sum(row["time"].date() == test_questions.LAST.date() for row in sent)
