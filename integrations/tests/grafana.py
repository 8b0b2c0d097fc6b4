"""A dashboard of Grafana over an Elasticsearch data source, which is chosen at the top of the page."""
from panels import LABELS, metric_label, places

SOURCE = {"type": "elasticsearch", "uid": "${datasource}"}
TYPES = {"number": "stat", "time": "timeseries", "top": "table", "rows": "table"}
HEIGHTS = {"number": 4, "time": 8, "top": 9, "rows": 11}


def metric(number, kind, field):
    return {"id": str(number), "type": kind} | ({"field": field} if field else {})


def target(panel):
    if panel.kind == "rows":
        metrics, buckets = [{"id": "1", "type": "raw_data", "settings": {"size": "100"}}], []
    else:
        metrics = [metric(number, *one) for number, one in enumerate(panel.metrics, 1)]
        first = len(metrics) + 1
        order = "_count" if panel.metrics[0][0] == "count" else "1"
        buckets = []
        for position, field in enumerate(panel.by):
            settings = {"size": str(5 if position else panel.size), "order": "desc", "orderBy": order, "min_doc_count": "1"}
            if panel.missing_of(position):
                settings["missing"] = panel.missing
            buckets.append({"id": str(first + position), "type": "terms", "field": field, "settings": settings})
        if panel.kind in ("time", "number"):
            buckets.append({"id": str(first + len(buckets)), "type": "date_histogram", "field": "@timestamp",
                            "settings": {"interval": "auto", "min_doc_count": "0", "trimEdges": "0"}})
    return {"refId": "A", "datasource": SOURCE, "query": f'{panel.where[0]}:"{panel.where[1]}"' if panel.where else "*",
            "timeField": "@timestamp", "alias": "", "metrics": metrics, "bucketAggs": buckets}


def overrides(panel):
    """Bytes are written as bytes. Columns of a table are named after what was counted."""
    bytes_alone = [name for name in panel.columns if LABELS[name] == "Bytes"]
    matchers = [{"id": "byRegexp", "options": "/^(Sum|Max)( .*)?$/"}] if panel.kind == "top" else []
    matchers += [{"id": "byName", "options": LABELS[name]} for name in bytes_alone]
    return [{"matcher": matcher, "properties": [{"id": "unit", "value": "bytes"}]} for matcher in matchers]


def transformations(panel):
    if panel.kind != "rows":
        return []
    columns = ["@timestamp", *panel.columns]
    return [{"id": "filterFieldsByName", "options": {"include": {"names": columns}}},
            {"id": "organize", "options": {"indexByName": {name: position for position, name in enumerate(columns)},
                                           "renameByName": {name: LABELS[name] for name in columns}}}]


def panel_of(number, panel, place):
    left, top, width, height = place
    unit = "bytes" if panel.kind == "number" and metric_label(panel.metrics[0]) == "Bytes" else "short"
    custom = {"drawStyle": "bars", "stacking": {"mode": "normal", "group": "A"}, "fillOpacity": 60} if panel.kind == "time" else {}
    options = {"reduceOptions": {"calcs": ["sum"], "fields": "", "values": False}, "graphMode": "area"} if panel.kind == "number" else {}
    return {"id": number, "title": panel.title, "type": "barchart" if panel.bars else TYPES[panel.kind], "datasource": SOURCE,
            "gridPos": {"x": left, "y": top, "w": width, "h": height}, "targets": [target(panel)], "options": options | (
                {"orientation": "horizontal", "xField": panel.by[0], "legend": {"showLegend": False, "displayMode": "list",
                                                                                "placement": "bottom", "calcs": []}} if panel.bars else {}),
            "fieldConfig": {"defaults": {"unit": unit, "custom": custom}, "overrides": overrides(panel)},
            "transformations": transformations(panel)}


def dashboard():
    return {
        "uid": "message-trace", "title": "Message trace of Microsoft 365", "tags": ["message-trace", "microsoft-365"],
        "schemaVersion": 39, "version": 1, "editable": True, "timezone": "", "refresh": "", "time": {"from": "now-7d", "to": "now"},
        "annotations": {"list": []}, "links": [],
        "templating": {"list": [{"name": "datasource", "label": "Data source", "type": "datasource", "query": "elasticsearch",
                                 "current": {}, "hide": 0, "includeAll": False, "multi": False, "options": [], "refresh": 1, "regex": ""}]},
        "panels": [panel_of(number, panel, place) for number, (panel, place) in enumerate(places(24, HEIGHTS), 1)],
    }
