"""Dashboards: written from one list of panels, whole, and of fields that there are.

    BLESS=1 python -m pytest integrations/tests/test_dashboards.py      writes them
"""
import collections
import copy
import json
import re

import pytest

import bless
import fields
import grafana
import kibana
import kql
import sentinel
import workbook
from events import events, flat
from panels import LABELS, PANELS, metric_label

KIBANA = fields.INTEGRATIONS / "elastic/dashboard.ndjson"
GRAFANA = fields.INTEGRATIONS / "grafana/dashboard.json"
WORKBOOK = fields.INTEGRATIONS / "sentinel/workbook.json"
# What can be counted and sorted by.
COUNTABLE = {"keyword", "wildcard", "ip", "date", "long", "boolean"}


def test_files_are_made_of_the_panels():
    bless.file(KIBANA, "\n".join(json.dumps(one) for one in kibana.objects()))
    bless.file(GRAFANA, json.dumps(grafana.dashboard(), indent=2))
    bless.file(WORKBOOK, json.dumps(workbook.notebook(), indent=2))


def parsed(value):
    """JSON in which texts that are JSON themselves are read too, as Kibana has them."""
    if isinstance(value, dict):
        return {key: parsed(json.loads(inner)) if key.endswith(("JSON", "State")) else parsed(inner) for key, inner in value.items()}
    return list(map(parsed, value)) if isinstance(value, list) else value


def saved_objects():
    return [parsed(json.loads(line)) for line in KIBANA.read_text().splitlines()]


def used(value):
    """Every field that a dashboard of Kibana or Grafana names, wherever."""
    if isinstance(value, list):
        return set().union(*map(used, value)) if value else set()
    if not isinstance(value, dict):
        return set()
    found = set().union(*map(used, value.values())) if value else set()
    found.update(inner for key, inner in value.items() if key in ("field", "timeField", "timeFieldName"))
    for key in ("columns", "names"):
        found.update(name for name in value.get(key, []) if isinstance(name, str))
    found.update(one[0] for one in value.get("sort", []) if isinstance(one, list))
    for key in ("indexByName", "renameByName"):
        found.update(value.get(key, {}))
    if isinstance(value.get("query"), str):
        found.update(re.findall(r"([\w.@]+) ?:", value["query"]))
    return found


def unknown(value):
    kinds = fields.elastic()
    return {name for name in used(value) if kinds.get(name) not in COUNTABLE}


def test_kibana_has_every_reference():
    objects = saved_objects()
    names = [(one["type"], one["id"]) for one in objects]
    assert len(set(names)) == len(names) == len(PANELS) + 2
    for one in objects:
        assert {"attributes", "coreMigrationVersion", "id", "references", "type", "typeMigrationVersion"} <= set(one)
        assert all((reference["type"], reference["id"]) in names for reference in one["references"])
        indexed = one["attributes"].get("kibanaSavedObjectMeta", {}).get("searchSourceJSON", {}).get("indexRefName")
        assert indexed is None or indexed in {reference["name"] for reference in one["references"]}
    (dashboard,) = (one for one in objects if one["type"] == "dashboard")
    shown = {f"{panel['panelIndex']}:{panel['panelRefName']}" for panel in dashboard["attributes"]["panelsJSON"]}
    assert shown == {reference["name"] for reference in dashboard["references"]} and len(shown) == len(PANELS)


def test_kibana_counts_what_it_orders_by():
    for one in saved_objects():
        aggregations = one["attributes"].get("visState", {}).get("aggs", [])
        identifiers = [aggregation["id"] for aggregation in aggregations]
        assert len(set(identifiers)) == len(identifiers)
        metrics = {aggregation["id"] for aggregation in aggregations if aggregation["schema"] == "metric"}
        assert all(aggregation["params"].get("orderBy", "1") in metrics for aggregation in aggregations)
        assert one["type"] != "visualization" or metrics


def test_panels_do_not_lie_on_each_other():
    (dashboard,) = (one for one in saved_objects() if one["type"] == "dashboard")
    pages = {48: [panel["gridData"] for panel in dashboard["attributes"]["panelsJSON"]],
             24: [panel["gridPos"] for panel in json.loads(GRAFANA.read_text())["panels"]]}
    for columns, places in pages.items():
        cells = collections.Counter((left, top) for place in places for left in range(place["x"], place["x"] + place["w"])
                                    for top in range(place["y"], place["y"] + place["h"]))
        assert max(cells.values()) == 1 and max(left for left, _ in cells) < columns


def test_grafana_has_what_it_asks_for():
    dashboard = json.loads(GRAFANA.read_text())
    assert {"uid", "title", "schemaVersion", "panels", "templating", "time"} <= set(dashboard)
    identifiers = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(identifiers)) == len(identifiers) == len(PANELS)
    variables = {variable["name"] for variable in dashboard["templating"]["list"]}
    assert set(re.findall(r"\$\{(\w+)\}", GRAFANA.read_text())) <= variables
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            metrics = {metric["id"] for metric in target["metrics"]}
            every = [*metrics, *(bucket["id"] for bucket in target["bucketAggs"])]
            assert len(set(every)) == len(every)
            assert all(bucket["settings"].get("orderBy", "_count") in metrics | {"_count"} for bucket in target["bucketAggs"])


def test_every_field_exists():
    objects, dashboard = saved_objects(), json.loads(GRAFANA.read_text())
    assert not unknown(objects) and not unknown(dashboard)
    # What is looked through is what there is to see: each panel's fields are found again.
    wanted = {name for panel in PANELS for name in (*panel.by, *panel.columns, *(field for _, field in panel.metrics if field))}
    assert wanted <= used(objects) and wanted <= used(dashboard)


def test_a_wrong_field_is_found():
    for right, wrong in {"email.direction": "email.directions", "source.user.email": "error.message",
                         "m365.message_trace.cause": "m365.message_trace.causes"}.items():
        for text in (KIBANA.read_text(), GRAFANA.read_text()):
            assert right in text
            broken = [parsed(json.loads(one)) for one in (text.splitlines() if text.startswith('{"attr') else [text])]
            assert not unknown(broken)
            again = text.replace(right, wrong)
            assert unknown([parsed(json.loads(one)) for one in (again.splitlines() if text.startswith('{"attr') else [again])]) == {wrong}


def items():
    return {item["name"]: item["content"] for item in json.loads(WORKBOOK.read_text())["items"] if item["type"] == 3}


def test_the_workbook_is_whole():
    notebook = json.loads(WORKBOOK.read_text())
    assert notebook["version"] == "Notebook/1.0" and notebook["$schema"].endswith("workbook.json")
    names = [item["name"] for item in notebook["items"]]
    assert len(set(names)) == len(names) == len(PANELS) + 2
    parameters = {parameter["name"] for item in notebook["items"] if item["type"] == 9 for parameter in item["content"]["parameters"]}
    assert {content["timeContextFromParameter"] for content in items().values()} == parameters
    for content in items().values():
        assert not kql.unknown_paths(content["query"]), content["title"]


def test_the_parser_accepts_every_query_of_the_workbook():
    answers = kql.check({name: content["query"] for name, content in items().items()})
    assert len(answers) == len(PANELS)
    for name, answer in answers.items():
        assert not answer["errors"], (name, answer["errors"])


@pytest.fixture(scope="module")
def workspace():
    # Ten rows came once more.
    again = copy.deepcopy(events[:10])
    for one in again:
        one["event"]["sequence"] = 9
    return sentinel.workspace([*events, *again])


def counted(panel, chosen):
    """What the panel's metrics are over these events, by plain Python."""
    for kind, field in panel.metrics:
        values = [one[field] for one in chosen if one.get(field)] if field else chosen
        yield {"count": len, "sum": sum, "max": lambda v: max(v, default=None), "cardinality": lambda v: len(set(v))}[kind](values)


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.slug)
def test_the_workbook_shows_what_plain_counting_gives(panel, workspace):
    leaves = [flat(one) for one in events if not panel.where or flat(one).get(panel.where[0]) == panel.where[1]]
    columns, rows = sentinel.ask(workspace, items()[panel.slug]["query"])
    found = [dict(zip(columns, row)) for row in rows]
    if panel.kind == "rows":
        assert len(found) == min(100, len(leaves)) > 0
        expected = [[one.get(name) for name in panel.columns] for one in leaves]
        assert all([one[LABELS[name]] or None for name in panel.columns] in expected for one in found)
        return
    groups = collections.defaultdict(list)
    for one in leaves:
        key = [one.get(field, panel.missing_of(position)) for position, field in enumerate(panel.by)]
        if panel.kind == "time":
            key.insert(0, one["@timestamp"][:13])
        if None not in key:
            groups[tuple(key)].append(one)
    expected = {key: list(counted(panel, chosen)) for key, chosen in groups.items()}
    names = [metric_label(metric) for metric in panel.metrics]
    by = (["Time"] if panel.kind == "time" else []) + [LABELS[field] for field in panel.by]
    got = {tuple(str(one[name])[:13].replace(" ", "T") if name == "Time" else one[name] for name in by):
           [one[name] for name in names] for one in found}
    assert got and all(expected[key] == values for key, values in got.items())
    if panel.kind == "top":
        greatest = sorted((values[0] for values in expected.values()), reverse=True)[:panel.size]
        assert [values[0] for values in got.values()] == greatest
    else:
        assert got == expected
