"""Which fields there are: of the index template, of the table in Sentinel, of the source type in Splunk."""
import json
import re

from events import ROOT

INTEGRATIONS = ROOT / "integrations"
MAPPING = json.loads((INTEGRATIONS / "elastic/index-template.json").read_text())["template"]["mappings"]
COLUMNS = {column["name"]: column["type"] for column in
           json.loads((INTEGRATIONS / "sentinel/table.json").read_text())["properties"]["schema"]["columns"]}


def elastic():
    """Each field of the index template with its type, the fields below fields among them."""
    def below(node, path):
        for name, inner in node.get("properties", {}).items():
            here = f"{path}.{name}" if path else name
            if "type" in inner:
                yield here, inner["type"]
            for sub, kind in inner.get("fields", {}).items():
                yield f"{here}.{sub}", kind["type"]
            yield from below(inner, here)
    return dict(below(MAPPING, ""))


def splunk():
    """What stands in an event of target `ecs`, the two indexed fields, and what props.conf calls otherwise."""
    conf = (INTEGRATIONS / "splunk/props.conf").read_text()
    aliases = re.findall(r" AS (\w+)$", conf, re.M)
    indexed = re.findall(r"^\[(\w+)\]$", (INTEGRATIONS / "splunk/fields.conf").read_text(), re.M)
    return set(elastic()) | set(aliases) | set(indexed) | {"_time", "sourcetype"}
