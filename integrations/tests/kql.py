"""What Microsoft's own parser says of queries, with the table's columns at hand; and which paths they take from a dynamic column."""
import json
import os
import pathlib
import re
import subprocess

import pytest

import fields
import sentinel

HERE = pathlib.Path(__file__).parent


def check(queries):
    """For each query its errors, and the columns of its answer."""
    tools = os.environ.get("CONTENT_TOOLS")
    if not tools:
        pytest.skip("CONTENT_TOOLS names no folder with node_modules; `do_content` in .ci/test.sh makes one")
    asked = json.dumps({"table": fields.COLUMNS, "queries": queries})
    run = subprocess.run(["node", HERE / "kql.cjs", tools], input=asked, text=True, capture_output=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def unknown_paths(query):
    """What a query takes from `AdditionalFields` that is never there: no field of target `ecs`, or one with a column."""
    rest = set(fields.elastic()) - set(sentinel.TAKEN.values())
    return set(re.findall(r"AdditionalFields((?:\.\w+)+)", query)) - {f".{name}" for name in rest}
