"""Alerts of Splunk: the Sigma pack as saved searches, switched off.

    BLESS=1 python -m pytest integrations/tests/test_splunk.py      writes savedsearches.conf
"""
import configparser
import re

import pytest

import bless
import fields
import test_sigma

FILE = fields.INTEGRATIONS / "splunk/savedsearches.conf"
RULES = {test_sigma.short(path): path for path in test_sigma.FILES}
# A row as it is now; one without a trace id is kept.
DEDUP = "| dedup email.local_id destination.user.email keepempty=true sortby -event_sequence"
# Splunk's levels of severity: info, low, medium, high.
SEVERITIES = {"informational": 2, "low": 3, "medium": 4, "high": 5}
MADE = {"_time", "event_count", "value_count"}


def search(name):
    """The conversion, with the repeats of a row taken out before anything is counted."""
    query = test_sigma.convert(RULES[name], "splunk")
    filtered, _, counted = query.partition("\n| bin ")
    return "\n".join(line for line in f"{filtered}\n{DEDUP}{chr(10) + '| bin ' + counted if counted else ''}".splitlines() if line)


def stanza(name):
    rule = test_sigma.documents(RULES[name])[-1]
    correlation = rule.get("correlation")
    settings = {
        "description": " ".join(rule["description"].split()),
        "search": search(name).replace("\n", " \\\n"),
        "enableSched": 0, "cron_schedule": "17 * * * *", "dispatch.earliest_time": "-2d", "dispatch.latest_time": "now",
        "counttype": "number of events", "relation": "greater than", "quantity": 0,
        "alert.severity": SEVERITIES[rule["level"]], "alert.track": 1, "alert.digest_mode": 0,
        # Said once: by what is counted, or by the event.
        "alert.suppress": 1, "alert.suppress.period": "2d",
        "alert.suppress.fields": ",".join(["_time", *correlation["group-by"]] if correlation else ["email.local_id", "destination.user.email"]),
    }
    return f"[Message trace: {rule['title']}]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items())


def test_the_file_is_made_of_the_rules():
    head = "# Alerts over message traces, made of ../sigma/rules. Switch one on with its schedule: enableSched = 1.\n"
    bless.file(FILE, head + "\n".join(stanza(name) for name in RULES))


def stanzas():
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str
    # A line that ends in a backslash goes on in the next.
    parser.read_string(FILE.read_text().replace(" \\\n", " "))
    return parser


def used(query):
    """Every field that a search names: beside an operator, in a list, or to count and group by."""
    found = set(re.findall(r"([\w.@]+)(?:=|>=|<=|>|<| IN \()", query)) | set(re.findall(r"'([\w.@]+)'", query))
    for counted in re.findall(r"\| stats (?:count|dc\(([\w.]+)\)) as \w+ by ([\w. ]+?)(?: \||$)", query):
        found.update(counted[1].split(), filter(None, counted[:1]))
    (row,) = re.findall(r"\| dedup ([\w.]+) ([\w.]+) keepempty=true sortby -(\w+)", query)
    return (found | set(row)) - MADE - {"span", "keepempty"}


def test_there_is_one_for_each_rule():
    titles = {f"Message trace: {test_sigma.documents(path)[-1]['title']}" for path in RULES.values()}
    assert set(stanzas().sections()) == titles and len(titles) == len(RULES)
    assert all(section["enableSched"] == "0" for name, section in stanzas().items() if name != "DEFAULT")


@pytest.mark.parametrize("name", RULES)
def test_fields_exist(name):
    section = stanzas()[f"Message trace: {test_sigma.documents(RULES[name])[-1]['title']}"]
    assert used(section["search"]) <= fields.splunk()
    # All of the rule's fields are among those that were looked at.
    assert test_sigma.used(RULES[name]) <= used(section["search"])
    assert set(section["alert.suppress.fields"].split(",")) <= fields.splunk()


def test_a_wrong_field_is_found():
    query = stanzas()["Message trace: Very Many Recipients Outside From One Sender"]["search"]
    for right in ("email.direction", "destination.user.email", "source.user.email"):
        assert used(query.replace(right, f"{right}s")) - fields.splunk() == {f"{right}s"}


@pytest.mark.parametrize("name", RULES)
def test_repeats_go_before_counting(name):
    steps = [step.split()[0] for step in search(name).split("\n| ")[1:]]
    assert steps.count("dedup") == 1
    assert all(steps.index("dedup") < steps.index(step) for step in ("bin", "stats") if step in steps)
