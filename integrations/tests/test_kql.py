"""Every query of Sentinel, by Microsoft's own parser, with the columns that table.json has."""
import pytest

import kql
from test_questions import QUESTIONS

QUERIES = {f"queries/{name}": path.read_text() for name, path in QUESTIONS.items()}


def test_the_parser_accepts_every_query():
    found = {name: answer["errors"] for name, answer in kql.check(QUERIES).items()}
    assert len(found) == len(QUERIES) > 15
    assert not any(found.values()), {name: errors for name, errors in found.items() if errors}


def test_the_parser_finds_a_fault():
    query = QUERIES["queries/top-senders"]
    faults = {"EmailSizeBytes": "EmailSize", "EmailFromAddress": "Sender_", "| summarize Messages": "| summarise Messages",
              "sum(Size)": "summ(Size)", "MessageTrace_CL": "MessageTraces_CL"}
    assert all(right in query for right in faults)
    found = kql.check({right: query.replace(right, wrong) for right, wrong in faults.items()})
    assert all(answer["errors"] for answer in found.values()), found


@pytest.mark.parametrize("name", QUERIES)
def test_paths_exist(name):
    assert not kql.unknown_paths(QUERIES[name])


def test_a_wrong_path_is_found():
    for path in (".event.actions", ".email.subject"):
        assert kql.unknown_paths(f"MessageTrace_CL | where AdditionalFields{path} == 'x'") == {path}
