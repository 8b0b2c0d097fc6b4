"""The Sigma pack: checked by Sigma's own validators, converted, and run over planted events by SQLite.

    BLESS=1 python -m pytest integrations/tests/test_sigma.py      writes the conversions
"""
import json
import re
import sqlite3

import pytest
import yaml
from sigma.backends.elasticsearch import ESQLBackend, LuceneBackend
from sigma.backends.splunk import SplunkBackend
from sigma.backends.sqlite import sqliteBackend
from sigma.collection import SigmaCollection
from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaFeatureNotSupportedByBackendError
from sigma.plugins import InstalledSigmaPlugins
from sigma.processing.pipeline import ProcessingPipeline
from sigma.validation import SigmaValidator

import bless
import fields
from events import ROOT, events, flat, hits, quiet

SIGMA = ROOT / "integrations/sigma"
FILES = sorted((SIGMA / "rules").glob("*.yml"))
PREFIX = "m365_message_trace_"
# Those that fetch their data over the network, and one that knows no case: Graph and the older service write a status
# differently, and Elasticsearch compares with case.
LEFT_OUT = {"attacktag", "d3_fendtag", "sigmahq_fieldname_cast", "sigmahq_invalid_fieldname", "sigmahq_redundant_field",
            "sigmahq_filename_prefix", "sigmahq_logsource_unknown", "sigmahq_tags_techniques_without_tactics",
            "sigmahq_field_duplicate_value"}
# Techniques of MITRE ATT&CK v17 with the tactics that they belong to, in place of the validators that fetch them.
TACTICS = {
    "t1048": {"exfiltration"}, "t1078": {"initial-access", "persistence", "privilege-escalation", "defense-evasion"},
    "t1114.003": {"collection"}, "t1534": {"lateral-movement"}, "t1566": {"initial-access"},
    "t1589.002": {"reconnaissance"}, "t1595": {"reconnaissance"}, "t1656": {"defense-evasion"}, "t1667": {"impact"},
}
TARGETS = {
    "elasticsearch-esql": (ESQLBackend, "elastic", "esql", {}),
    "elasticsearch-lucene": (LuceneBackend, "elastic", "txt", {}),
    "splunk": (SplunkBackend, "splunk", "spl", {}),
    "sqlite": (sqliteBackend, "sqlite", "sql", {"timestamp_field": "@timestamp"}),
}


def short(path):
    return path.stem.split(PREFIX)[1]


def documents(path):
    return list(yaml.safe_load_all(path.read_text()))


def convert(path, target):
    """The rule in the target's words; `None` where those cannot say it."""
    backend, pipeline, _, options = TARGETS[target]
    pipeline = ProcessingPipeline.from_yaml((SIGMA / f"pipelines/{pipeline}.yml").read_text())
    try:
        queries = backend(pipeline, **options).convert(SigmaCollection.from_yaml(path.read_text()))
    except (NotImplementedError, SigmaFeatureNotSupportedByBackendError):
        return None
    assert len(queries) == 1, path
    return queries[0]


def used(path):
    """Every field that a file's rules name."""
    found = set()
    for rule in documents(path):
        for name, detection in rule.get("detection", {}).items():
            if name != "condition":
                for part in detection if isinstance(detection, list) else [detection]:
                    for key, value in part.items():
                        found.add(key.split("|")[0])
                        if "fieldref" in key.split("|")[1:]:
                            found.update(value if isinstance(value, list) else [value])
        correlation = rule.get("correlation", {})
        found.update(correlation.get("group-by", []))
        if "field" in correlation.get("condition", {}):
            found.add(correlation["condition"]["field"])
    return found


def test_validators():
    validators = InstalledSigmaPlugins.autodiscover().validators
    assert LEFT_OUT < set(validators) and len(validators) > 60
    chosen = [kind for name, kind in validators.items() if name not in LEFT_OUT]
    rules = SigmaCollection.load_ruleset([SIGMA / "rules"])
    assert not rules.errors
    issues = SigmaValidator(chosen).validate_rules(rules.rules)
    assert not issues, "\n".join(map(str, issues))


def test_validators_find_a_fault():
    rule = SigmaCollection.from_yaml(FILES[-1].read_text().replace("level: ", "# level: "))
    validators = InstalledSigmaPlugins.autodiscover().validators
    issues = SigmaValidator([kind for name, kind in validators.items() if name not in LEFT_OUT]).validate_rules(rule.rules)
    assert any("level" in type(issue).__name__.lower() for issue in issues)


@pytest.mark.parametrize("path", FILES, ids=short)
def test_tags_are_techniques_of_their_tactics(path):
    for rule in documents(path):
        tags = {tag.removeprefix("attack.") for tag in rule["tags"]}
        techniques = {tag for tag in tags if re.match(r"t\d", tag)}
        assert techniques
        for technique in techniques:
            assert TACTICS[technique] & tags, f"{technique} without a tactic of its own"
        assert tags - techniques <= set().union(*(TACTICS[technique] for technique in techniques))


@pytest.mark.parametrize("path", FILES, ids=short)
def test_fields_exist(path):
    assert used(path) and used(path) <= set(fields.elastic()) & fields.splunk()


def test_a_wrong_field_is_found(tmp_path):
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(FILES[0].read_text().replace("email.direction", "email.directions"))
    assert used(wrong) - set(fields.elastic()) == {"email.directions"}


@pytest.mark.parametrize("target", TARGETS)
def test_conversions(target):
    ending = TARGETS[target][2]
    folder = SIGMA / "converted" / target
    wanted = {f"{short(path)}.{ending}": query for path in FILES if (query := convert(path, target)) is not None}
    bless.folder(folder, wanted)


def test_only_lucene_cannot_say_all():
    cannot = {target: {short(path) for path in FILES if convert(path, target) is None} for target in TARGETS}
    correlations = {short(path) for path in FILES if any("correlation" in rule for rule in documents(path))}
    assert cannot.pop("elasticsearch-lucene") == correlations | {"own_private_address"}
    assert not any(cannot.values())


def table(of):
    columns = sorted(fields.elastic())
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    names = ", ".join(f'"{name}"' for name in columns)
    connection.execute(f"CREATE TABLE message_trace ({names})")
    rows = [[leaf.get(name) for name in columns] for leaf in map(flat, of)]
    connection.executemany(f"INSERT INTO message_trace VALUES ({', '.join('?' * len(columns))})", rows)
    return connection


def found(connection, path):
    rows = connection.execute(convert(path, "sqlite")).fetchall()
    correlation = next((rule["correlation"] for rule in documents(path) if "correlation" in rule), None)
    if correlation is None:
        return {(row["event.id"],) for row in rows}
    return {tuple(json.loads(row["group_keys"])[name] for name in correlation["group-by"]) for row in rows}


@pytest.mark.parametrize("path", FILES, ids=short)
def test_each_rule_finds_what_was_planted_and_nothing_else(path):
    assert found(table(events), path) == hits[short(path)]


@pytest.mark.parametrize("path", FILES, ids=short)
def test_no_rule_finds_anything_in_quiet_traffic(path):
    assert not found(table(quiet), path)


def test_every_rule_has_its_plant():
    assert {short(path) for path in FILES} == set(hits)


def changed(text):
    """The rule with one thing different: a number by one, a value less, any direction, a longer time."""
    for match in re.finditer(r"((?:gte|gt): )(\d+)", text):
        for step in (-1, 1):
            yield f"{text[:match.start()]}{match[1]}{int(match[2]) + step}{text[match.end():]}"
    for value in re.findall(r"^ {12}- .+\n", text, re.M):
        yield text.replace(value, "", 1)
    # Lines of a selection that say one value: as good as left out where every event has it.
    for line in re.findall(r"^ {8}[a-z0-9_.]+: [a-z-]+\n", text, re.M):
        yield text.replace(line, "        event.kind: event\n" if text.count("event.kind") == 0 else "", 1)
    for span, longer in {"30m": "5h", "1h": "5h", "1d": "30d"}.items():
        if f"timespan: {span}" in text:
            yield text.replace(f"timespan: {span}", f"timespan: {longer}")


@pytest.mark.parametrize("path", FILES, ids=short)
def test_nothing_in_a_rule_is_idle(path, tmp_path):
    connection, count = table(events), 0
    for count, text in enumerate(changed(path.read_text()), 1):
        other = tmp_path / path.name
        other.write_text(text)
        assert found(connection, other) != hits[short(path)], text
    assert count

def test_identifiers_and_names_are_unique():
    rules = [rule for path in FILES for rule in documents(path)]
    for key in ("id", "title", "name"):
        values = [rule[key] for rule in rules if key in rule]
        assert len(values) == len(set(values)), key
    assert len(SigmaCollection.load_ruleset([SIGMA / "rules"]).rules) == len(rules)
    assert any(isinstance(rule, SigmaCorrelationRule) for rule in SigmaCollection.load_ruleset([SIGMA / "rules"]).rules)
