"""Analytics rules of Sentinel: what the portal imports, and what each finds among planted events.

    BLESS=1 python -m pytest integrations/tests/test_sentinel_rules.py      writes analytics-rules.json from rules/
"""
import json
import re
import uuid

import pytest
import yaml

import bless
import kql
import sentinel
import test_questions
import test_sigma
from events import ROOT, delivered_twice, hits

SENTINEL = ROOT / "integrations/sentinel"
RULES = {path.stem: yaml.safe_load(path.read_text()) for path in sorted((SENTINEL / "rules").glob("*.yaml"))}
SIGMA = {test_sigma.short(path): test_sigma.documents(path)[-1] for path in test_sigma.FILES}
# What Sigma cannot say; asked of the archive with planted cases, about its last day.
OF_DAYS = {"unusual_volume": ("Sender", {"user1@contoso.com", "user2@contoso.com"}), "first_contact": ("Domain", {"example.org"})}
# Identifiers that Sentinel has for an entity, as far as rules use them.
ENTITIES = {"DNS": {"DomainName"}, "IP": {"Address"}, "MailMessage": {"NetworkMessageId", "Recipient"},
            "Mailbox": {"MailboxPrimaryAddress"}}
KEYS = ["id", "name", "description", "severity", "requiredDataConnectors", "queryFrequency", "queryPeriod", "triggerOperator",
        "triggerThreshold", "tactics", "relevantTechniques", "query", "entityMappings", "eventGroupingSettings", "version", "kind"]
# A question counts a row once for each status that it had, a rule looks at the row as it is now.
PRELUDE = """// A row as it is now, whatever statuses it had before: one record for each message and recipient.
let Mail = MessageTrace_CL
    | where EventType == "EmailDelivery"
    | extend Ingested = ingestion_time(), Row = strcat(NetworkMessageId, "/", tolower(tostring(EmailToRecipients[0])))
    | summarize arg_max(EventSequence, *) by Row = iff(isempty(NetworkMessageId), EventUid, Row)
""" + test_questions.PRELUDE.partition(test_questions.ONCE)[2]


def duration(text):
    """1h, 2d as ISO 8601 has it."""
    number, unit = re.fullmatch(r"(\d+)([hd])", text).groups()
    return f"PT{number}H" if unit == "h" else f"P{number}D"


def resource(rule):
    return {
        "type": "Microsoft.OperationalInsights/workspaces/providers/alertRules",
        "apiVersion": "2024-09-01",
        "name": f"[concat(parameters('workspace'),'/Microsoft.SecurityInsights/{rule['id']}')]",
        "kind": rule["kind"],
        "properties": {
            "displayName": f"Message trace: {rule['name']}",
            "description": rule["description"].strip(),
            "severity": rule["severity"],
            "enabled": False,
            "query": rule["query"],
            "queryFrequency": duration(rule["queryFrequency"]),
            "queryPeriod": duration(rule["queryPeriod"]),
            "triggerOperator": {"gt": "GreaterThan"}[rule["triggerOperator"]],
            "triggerThreshold": rule["triggerThreshold"],
            "suppressionDuration": "PT1H",
            "suppressionEnabled": False,
            "tactics": rule["tactics"],
            # Techniques alone: the interface has sub-techniques in previews only.
            "techniques": sorted({technique.split(".")[0] for technique in rule["relevantTechniques"]}),
            "entityMappings": rule["entityMappings"],
            "eventGroupingSettings": rule["eventGroupingSettings"],
        },
    }


def test_the_template_is_made_of_the_rules():
    template = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {"workspace": {"type": "String"}},
        "resources": [resource(rule) for rule in RULES.values()],
    }
    bless.file(SENTINEL / "analytics-rules.json", json.dumps(template, indent=2))


@pytest.mark.parametrize("name", RULES)
def test_a_rule_has_what_sentinel_asks_for(name):
    rule = RULES[name]
    assert list(rule) == KEYS
    assert str(uuid.UUID(rule["id"])) == rule["id"]
    assert rule["severity"] in ("Informational", "Low", "Medium", "High")
    hours = {key: int(rule[key][:-1]) * {"h": 1, "d": 24}[rule[key][-1]] for key in ("queryFrequency", "queryPeriod")}
    assert hours["queryFrequency"] <= hours["queryPeriod"] <= 14 * 24
    assert len(rule["query"]) <= 10_000 and PRELUDE in rule["query"]
    for entity in rule["entityMappings"]:
        assert {field["identifier"] for field in entity["fieldMappings"]} <= ENTITIES[entity["entityType"]]
    assert not kql.unknown_paths(rule["query"])
    # A rule that Sigma has too says the same about itself.
    if name in SIGMA:
        assert rule["name"] == SIGMA[name]["title"] and rule["description"].split() == SIGMA[name]["description"].split()
        assert rule["severity"].lower() == SIGMA[name]["level"]
        techniques = [f"attack.{technique.lower()}" for technique in rule["relevantTechniques"]]
        tactics = [f"attack.{re.sub(r'(?<!^)(?=[A-Z])', '-', tactic).lower()}" for tactic in rule["tactics"]]
        assert sorted(techniques + tactics) == sorted(SIGMA[name]["tags"])


def test_identifiers_are_unique():
    identifiers = [rule["id"] for rule in RULES.values()] + [rule["id"] for rule in SIGMA.values()]
    assert len(set(identifiers)) == len(identifiers)
    assert len({rule["name"] for rule in RULES.values()}) == len(RULES)


def test_the_parser_accepts_every_query_and_entities_are_columns():
    answers = kql.check({name: rule["query"] for name, rule in RULES.items()})
    assert len(answers) == len(RULES)
    for name, answer in answers.items():
        assert not answer["errors"], (name, answer["errors"])
        mapped = {field["columnName"] for entity in RULES[name]["entityMappings"] for field in entity["fieldMappings"]}
        assert mapped and mapped <= set(answer["columns"]), name


@pytest.fixture(scope="module")
def planted():
    return sentinel.workspace(delivered_twice())


def found(name, workspace, ingested):
    """What the rule finds at midnight of 5 November, of records that arrived when `ingested` says."""
    query = RULES[name]["query"].replace("ingestion_time()", f"datetime({ingested})")
    columns, rows = sentinel.ask(workspace, query.replace("ago(1h)", "datetime(2026-11-04T23:00:00Z)"))
    if "EventUid" in columns:
        return {(row[columns.index("EventUid")],) for row in rows}
    # When it began, whom it is about, how many.
    assert columns[0] == "Begin"
    return {row[1:-1] for row in rows}


@pytest.mark.parametrize("name", sorted(set(RULES) - set(OF_DAYS)))
def test_each_rule_finds_what_was_planted_and_nothing_else(name, planted):
    assert found(name, planted, "2026-11-04T23:30:00Z") == hits[name]
    assert not found(name, planted, "2026-11-04T22:30:00Z"), "what the run before has seen"


@pytest.mark.parametrize("name", OF_DAYS)
def test_rules_about_days(name):
    column, expected = OF_DAYS[name]
    workspace = sentinel.workspace([test_questions.event(row) for row in test_questions.rows])
    query = test_questions.since(RULES[name]["query"]).replace("ingestion_time()", "TimeGenerated")
    assert "ago(" not in query
    columns, rows = sentinel.ask(workspace, query)
    assert {row[columns.index(column)] for row in rows} == expected


def test_every_rule_of_sigma_is_here():
    assert set(RULES) - set(OF_DAYS) == set(SIGMA)
