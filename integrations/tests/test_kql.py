"""Every query of Sentinel, by Microsoft's own parser, with the columns that table.json has."""
import pytest

import kql
from test_questions import QUESTIONS

QUERIES = {f"queries/{name}": path.read_text() for name, path in QUESTIONS.items()}


def test_the_parser_accepts_every_query():
    found = {name: answer["errors"] for name, answer in kql.check(QUERIES).items()}
    assert len(found) == len(QUERIES) > 15
    assert not any(found.values()), {name: errors for name, errors in found.items() if errors}


@pytest.mark.parametrize(("right", "wrong"), [
    ("EmailSizeBytes", "EmailSize"), ("EmailFromAddress", "Sender_"), ("| summarize Messages", "| summarise Messages"),
    ("sum(Size)", "summ(Size)"), ("MessageTrace_CL", "MessageTraces_CL"),
])
def test_the_parser_finds_a_fault(right, wrong):
    query = QUERIES["queries/top-senders"]
    assert right in query
    assert kql.check({"wrong": query.replace(right, wrong)})["wrong"]["errors"]


@pytest.mark.parametrize("name", QUERIES)
def test_paths_exist(name):
    assert not kql.unknown_paths(QUERIES[name])


def test_a_wrong_path_is_found():
    for path in (".event.actions", ".email.subject"):
        assert kql.unknown_paths(f"MessageTrace_CL | where AdditionalFields{path} == 'x'") == {path}
