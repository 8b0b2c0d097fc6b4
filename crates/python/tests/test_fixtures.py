"""Every fixture, every target, both engines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from message_trace import Normalizer, Rejection, about

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"
TARGETS = about().targets
ENGINES = ["core", "component"]


NAMES = sorted(str(path.relative_to(FIXTURES).as_posix()).removesuffix(".in.txt") for path in FIXTURES.rglob("*.in.txt"))
BATCHES = [name for name in NAMES if name.startswith("batch/")]
LINES = [name for name in NAMES if name not in BATCHES]


def load(name: str, ending: str):
    path = FIXTURES / f"{name}.{ending}"
    return json.loads(path.read_bytes()) if path.exists() else None


def normalizer(name: str, target: str, engine: str) -> Normalizer:
    options = {**(load(name, "options.json") or {}), "target": target, "engine": engine}
    return Normalizer(**options)


def same(one: object, other: object) -> bool:
    """Equal, in the same order of keys."""
    return json.dumps(one) == json.dumps(other)


def as_fixture(rejection: Rejection) -> dict:
    """Where exactly reading stopped is not kept in the fixtures."""
    if rejection.reason in ("syntax", "unknown-format"):
        return {"reason": rejection.reason}
    return {"reason": rejection.reason, "detail": rejection.detail}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("target", TARGETS)
def test_lines(target: str, engine: str) -> None:
    assert len(LINES) > 150
    for name in LINES:
        line = (FIXTURES / f"{name}.in.txt").read_bytes()
        revision = load(name, "revision.json")
        expected = load(name, f"{target}.json")
        subject = normalizer(name, target, engine)
        try:
            if revision is None:
                found = subject.normalize(line)
            else:
                details = FIXTURES / f"{name}.details.txt"
                found = subject.normalize_revision(
                    line,
                    revision["sequence"],
                    revision.get("previous_status"),
                    details.read_text() if details.exists() else None,
                )
        except Rejection as rejection:
            assert as_fixture(rejection) == load(name, "rejection.json"), name
            if rejection.reason == "syntax":
                assert isinstance(rejection.detail, int) and 0 <= rejection.detail <= len(line), name
        else:
            assert same(json.loads(found), expected), name


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("target", TARGETS)
def test_batches(target: str, engine: str) -> None:
    assert BATCHES
    for name in BATCHES:
        lines = (FIXTURES / f"{name}.in.txt").read_bytes()
        batch = normalizer(name, target, engine).normalize_batch(lines)
        expected = (FIXTURES / f"{name}.{target}.ndjson").read_bytes().splitlines()
        found = batch.events.splitlines()
        assert batch.count == len(found) == len(expected), name
        assert all(same(json.loads(one), json.loads(other)) for one, other in zip(found, expected)), name
        rejections = [{"line": rejected.line, **as_fixture(rejected.reason)} for rejected in batch.rejections]
        assert rejections == load(name, "rejections.json"), name
