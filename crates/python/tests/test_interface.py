"""What the package promises beyond the mapping."""

from __future__ import annotations

import doctest
import gzip
import io
import json
import pickle
import re
import runpy
import subprocess
import sys
import threading
from pathlib import Path
from typing import get_args

import pytest

import message_trace
from message_trace import Normalizer, Rejection, normalize, normalize_batch
from message_trace._normalizer import CHUNK_BYTES

ROW = '{"receivedDateTime":"2026-01-02T03:04:05Z","senderAddress":"alice@example.com","status":"failed"}'


def test_doctest() -> None:
    assert doctest.testmod(message_trace).attempted > 0
    assert doctest.testmod(message_trace).failed == 0


def test_a_rejection_says_why_and_holds_no_text() -> None:
    with pytest.raises(Rejection) as caught:
        normalize('{"Received":"alice@example.com"}')
    assert (caught.value.reason, caught.value.detail) == ("invalid-field", "Received")
    assert str(caught.value) == "Received: expected a time"
    copy = pickle.loads(pickle.dumps(caught.value))
    assert copy == caught.value and str(copy) == str(caught.value)
    assert repr(copy) == "Rejection('invalid-field', 'Received')"


def test_options_reach_the_module() -> None:
    event = json.loads(
        normalize(ROW, target="ecs", organization_domains=["EXAMPLE.com"], tenant_id="t-1", keep_original=False)
    )
    assert event["organization"]["id"] == "t-1"
    assert "original" not in event["event"]
    with pytest.raises(Rejection) as caught:
        normalize(ROW, max_line_bytes=10)
    assert (caught.value.reason, caught.value.detail) == ("too-long", 10)


def test_a_wrong_option_is_refused() -> None:
    for engine in ("core", "component"):
        with pytest.raises(ValueError) as caught:
            Normalizer(target="splunk", engine=engine)  # type: ignore[arg-type]
        assert str(caught.value) == "target: expected sekoia, ecs or ocsf, but found 'splunk'"
        for limit in (-1, 1 << 32):
            with pytest.raises(ValueError, match="max_line_bytes: expected a whole number of bytes"):
                Normalizer(max_line_bytes=limit, engine=engine)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="keep_original: expected True or False, but found str"):
        normalize(ROW, keep_original="yes")
    with pytest.raises(TypeError):
        normalize(ROW, no_such_option=1)
    with pytest.raises(TypeError, match="organization_domains"):
        normalize(ROW, organization_domains="example.com")
    with pytest.raises(ValueError, match="engine"):
        Normalizer(engine="jit")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="sequence"):
        Normalizer().normalize_revision(ROW, -1)


@pytest.mark.parametrize("found", [3, 3.5, None, [123], {}])
def test_what_is_no_line_is_a_type_error(found: object) -> None:
    subject = Normalizer()
    for call in (normalize, normalize_batch, subject.normalize, subject.normalize_batch):
        with pytest.raises(TypeError, match="expected a line as str or bytes, but found"):
            call(found)  # type: ignore[operator]


def test_every_rejection_has_the_sentence_of_the_module() -> None:
    deep = '{"a":' + "[" * 64 + "]" * 64 + "}"
    lines = ["nothing", '{"a":1}', '{"Received":null}', '{"Received":"x"}', "[]", ROW + " " * 600, deep]
    names = set()
    for line in lines:
        said = []
        for engine in ("core", "component"):
            with pytest.raises(Rejection) as caught:
                Normalizer(engine=engine, max_line_bytes=500).normalize(line)  # type: ignore[arg-type]
            names.add(caught.value.reason)
            said.append(str(caught.value))
        assert said[0] == said[1] == str(Rejection(caught.value.reason, caught.value.detail))
        assert " " in said[0]
    assert len(names) == 7


def test_a_batch_is_short_to_look_at() -> None:
    batch = normalize_batch("\n".join([ROW] * 1000 + ["{"]))
    assert repr(batch) == f"Batch(1000 events, {len(batch.events)} bytes, 1 rejection)"
    assert message_trace._types._sentence("syntax", 1) == str(batch.rejections[0].reason)


def test_it_says_what_it_is() -> None:
    about = message_trace.about()
    assert about.version == message_trace.__version__
    assert (about.ecs_version, about.ocsf_version) == ("9.4.0", "1.8.0")
    assert about.formats == ("graph", "reporting")
    assert about.targets == get_args(message_trace.Target)


def test_the_sample_of_the_readme_runs_as_pasted(tmp_path: Path) -> None:
    readme = Path(__file__).resolve().parents[1] / "README.md"
    samples = re.findall(r"^```python\n(.+?)^```", readme.read_text(), re.DOTALL | re.MULTILINE)
    assert samples
    for sample in samples:
        ran = subprocess.run([sys.executable, "-c", sample], cwd=tmp_path, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        printed = re.findall(r"^ *print\(.*\)  +# (.+)$", sample, re.MULTILINE)
        for line in printed:
            if not line.startswith("one event"):
                assert line in ran.stdout, f"{line}\n{ran.stdout}"


def test_text_and_bytes_are_the_same() -> None:
    assert normalize(ROW) == normalize(ROW.encode())
    assert normalize_batch(ROW).events == normalize(ROW).encode() + b"\n"
    with pytest.raises(Rejection) as caught:
        normalize('{"receivedDateTime":"\ud800"}')
    assert caught.value.reason == "syntax"


@pytest.mark.parametrize("engine", ["core", "component"])
def test_a_batch_of_any_length_is_one_batch(engine: str) -> None:
    rows = [ROW.replace("alice", f"alice{index}") for index in range(6000)]
    rows[10], rows[5500] = "", "{"
    lines = "\n".join(rows)
    assert len(lines) > 2 * CHUNK_BYTES
    batch = Normalizer(engine=engine).normalize_batch(lines)  # type: ignore[arg-type]
    assert batch.count == 5998
    assert [(rejected.line, rejected.reason.reason) for rejected in batch.rejections] == [(5501, "syntax")]
    messages = [json.loads(event)["message"] for event in batch.events.splitlines()]
    assert messages == [row for row in rows if len(row) > 1]


def test_a_line_longer_than_a_chunk_stays_whole() -> None:
    page = json.dumps({"value": [json.loads(ROW)] * 6000})
    assert len(page) > CHUNK_BYTES
    batch = normalize_batch(f"{ROW}\n{page}\n{ROW}\n[1]")
    assert batch.count == 6002
    assert [rejected.line for rejected in batch.rejections] == [4]


def test_a_stream_of_lines() -> None:
    lines = "\n".join([ROW] * 5000 + ["{"] + [ROW]).encode()
    assert len(lines) > CHUNK_BYTES
    with gzip.open(io.BytesIO(gzip.compress(lines))) as stream:
        batches = list(Normalizer().batches(stream))
    assert len(batches) > 1
    assert sum(batch.count for batch in batches) == 5001
    assert [rejected.line for batch in batches for rejected in batch.rejections] == [5001]
    assert b"".join(batch.events for batch in batches) == normalize_batch(lines).events


def test_threads_share_a_normalizer() -> None:
    shared = Normalizer(target="ecs")
    wrong: list[str] = []

    def work(number: int) -> None:
        for index in range(50):
            row = ROW.replace("alice", f"thread{number}-{index}")
            event = json.loads(shared.normalize(row))
            if event["email"]["from"]["address"] != [f"thread{number}-{index}@example.com"]:
                wrong.append(row)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_pickled_normalizer_keeps_its_options() -> None:
    copy = pickle.loads(pickle.dumps(Normalizer(target="ocsf", tenant_id="t-1")))
    assert json.loads(copy.normalize(ROW))["metadata"]["tenant_uid"] == "t-1"


def test_memory_stays_flat() -> None:
    subject = Normalizer()
    lines = ("\n".join([ROW] * 2000)).encode()
    memory, store = subject._host._memory, subject._host._store  # type: ignore[attr-defined]
    for _ in range(5):
        subject.normalize_batch(lines)
    before = memory.data_len(store)
    for _ in range(50):
        subject.normalize_batch(lines)
        subject.normalize_revision(ROW, 2, "pending")
    assert memory.data_len(store) == before


def test_the_artifacts_import_nothing() -> None:
    from message_trace._load import component_module, core_module, engine

    assert [entry.name for entry in core_module().imports] == []
    assert component_module().type.imports(engine()) == {}


def test_the_cluster_example_keeps_every_line() -> None:
    path = Path(__file__).resolve().parents[1] / "examples/spark_job.py"
    job = runpy.run_path(str(path))
    broken = b'{"subject":"\xff"}'
    kinds, values = job["rows_of"](Normalizer(target="ecs"), [ROW.encode(), broken, b"", ROW.encode()])
    assert kinds == ["event", "event", "rejected"]
    assert values[0] == normalize(ROW, target="ecs")
    assert json.loads(values[2]) == {"reason": "syntax", "detail": 12, "line": '{"subject":"\\xff"}'}
