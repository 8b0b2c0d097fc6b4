"""A dashboard of Kibana as saved objects, as version 8.9 exports them; later ones migrate what they import."""
import json

from panels import LABELS, PANELS, metric_label, places

INDEX, PATTERN = "logs-m365.message_trace-*", "message-trace"
SOURCE = "kibanaSavedObjectMeta.searchSourceJSON.index"
# The version of each kind's form.
VERSIONS = {"index-pattern": "8.0.0", "visualization": "8.5.0", "search": "8.0.0", "dashboard": "8.9.0"}
TYPES = {"number": "metric", "time": "histogram", "top": "table"}
HEIGHTS = {"number": 7, "time": 13, "top": 14, "rows": 18}


def saved(kind, name, attributes, references=()):
    return {"attributes": attributes, "coreMigrationVersion": "8.8.0", "id": name, "managed": False,
            "references": list(references), "type": kind, "typeMigrationVersion": VERSIONS[kind]}


def text(value):
    return json.dumps(value, separators=(",", ":"))


def query(panel):
    return f'{panel.where[0]} : "{panel.where[1]}"' if panel.where else ""


def source(panel, indexed=True):
    found = {"query": {"query": query(panel) if panel else "", "language": "kuery"}, "filter": []}
    return {"searchSourceJSON": text(found | ({"indexRefName": SOURCE} if indexed else {}))}


def aggregation(number, kind, schema, **parameters):
    return {"id": str(number), "enabled": True, "type": kind, "schema": schema, "params": parameters}


def aggregations(panel):
    for number, metric in enumerate(panel.metrics, 1):
        kind, field = metric
        yield aggregation(number, kind, "metric", **({"field": field} if field else {}), customLabel=metric_label(metric))
    number = len(panel.metrics) + 1
    if panel.kind == "time":
        yield aggregation(number, "date_histogram", "segment", field="@timestamp", interval="auto", min_doc_count=1,
                          useNormalizedEsInterval=True, drop_partials=False, extended_bounds={})
        number += 1
    for position, field in enumerate(panel.by):
        schema = "group" if panel.kind == "time" else "segment" if panel.bars else "bucket"
        yield aggregation(number + position, "terms", schema, field=field, size=panel.size if position == 0 else 5, order="desc",
                          orderBy="1", otherBucket=False, missingBucket=panel.missing_of(position) is not None,
                          missingBucketLabel=panel.missing_of(position) or "Missing", customLabel=LABELS[field])


def chart(kind, title):
    """The axes of a chart with bars, upright or lying."""
    lying = kind == "horizontal_bar"
    return {
        "type": kind, "grid": {"categoryLines": False}, "addTooltip": True, "addLegend": not lying, "legendPosition": "right",
        "times": [], "addTimeMarker": False, "labels": {"show": False},
        "categoryAxes": [{"id": "CategoryAxis-1", "type": "category", "position": "left" if lying else "bottom", "show": True,
                          "style": {}, "scale": {"type": "linear"}, "labels": {"show": True, "truncate": 200}, "title": {}}],
        "valueAxes": [{"id": "ValueAxis-1", "name": "BottomAxis-1" if lying else "LeftAxis-1", "type": "value",
                       "position": "bottom" if lying else "left", "show": True, "style": {},
                       "scale": {"type": "linear", "mode": "normal"}, "labels": {"show": True, "truncate": 100},
                       "title": {"text": title}}],
        "seriesParams": [{"show": True, "type": "histogram", "mode": "stacked", "data": {"id": "1", "label": title},
                          "valueAxis": "ValueAxis-1", "drawLinesBetweenPoints": True, "showCircles": True}],
    }


def parameters(panel, kind):
    if kind == "metric":
        return {"type": "metric", "addTooltip": True, "addLegend": False,
                "metric": {"percentageMode": False, "useRanges": False, "colorSchema": "Green to Red", "metricColorMode": "None",
                           "colorsRange": [{"from": 0, "to": 10000}], "labels": {"show": True}, "invertColors": False,
                           "style": {"bgFill": "#000", "bgColor": False, "labelColor": False, "subText": "", "fontSize": 36}}}
    if kind == "table":
        return {"perPage": 10, "showPartialRows": False, "showMetricsAtAllLevels": False, "showTotal": False,
                "totalFunc": "sum", "percentageCol": ""}
    return chart(kind, metric_label(panel.metrics[0]))


def visualization(panel):
    kind = "horizontal_bar" if panel.bars else TYPES[panel.kind]
    state = {"title": panel.title, "type": kind, "aggs": list(aggregations(panel)), "params": parameters(panel, kind)}
    return {"title": f"Message trace: {panel.title}", "description": "", "uiStateJSON": "{}", "version": 1,
            "visState": text(state), "kibanaSavedObjectMeta": source(panel)}


def search(panel):
    return {"title": f"Message trace: {panel.title}", "description": "", "columns": list(panel.columns),
            "sort": [["@timestamp", "desc"]], "grid": {}, "hideChart": True, "kibanaSavedObjectMeta": source(panel)}


def objects():
    pattern = {"title": INDEX, "name": "Message trace", "timeFieldName": "@timestamp", "fieldAttrs": "{}", "fieldFormatMap":
               text({"m365.message_trace.size": {"id": "bytes"}}), "fields": "[]", "runtimeFieldMap": "{}", "sourceFilters": "[]"}
    yield saved("index-pattern", PATTERN, pattern)
    indexed = {"id": PATTERN, "name": SOURCE, "type": "index-pattern"}
    kinds = {}
    for panel in PANELS:
        kinds[panel] = kind = "search" if panel.kind == "rows" else "visualization"
        yield saved(kind, f"message-trace-{panel.slug}", search(panel) if kind == "search" else visualization(panel), [indexed])
    shown, references = [], []
    for panel, (left, top, width, height) in places(48, HEIGHTS):
        shown.append({"version": "8.9.0", "type": kinds[panel], "panelIndex": panel.slug, "embeddableConfig": {"enhancements": {}},
                      "gridData": {"x": left, "y": top, "w": width, "h": height, "i": panel.slug}, "title": panel.title,
                      "panelRefName": f"panel_{panel.slug}"})
        references.append({"id": f"message-trace-{panel.slug}", "name": f"{panel.slug}:panel_{panel.slug}", "type": kinds[panel]})
    yield saved("dashboard", "message-trace", {
        "title": "Message trace of Microsoft 365", "description": "Mail flow, who writes most, what failed and why", "version": 1,
        "timeRestore": True, "timeFrom": "now-7d", "timeTo": "now", "refreshInterval": {"pause": True, "value": 60000},
        "optionsJSON": text({"useMargins": True, "syncColors": False, "hidePanelTitles": False}), "panelsJSON": text(shown),
        "kibanaSavedObjectMeta": source(None, indexed=False),
    }, references)
