"""Every fixture, every target, both engines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from message_trace import Normalizer, Rejection, about

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"
TARGETS = about().targets
ENGINES = ["core", "component"]


def names(folder: str) -> list[str]:
    found = sorted(path.name.removesuffix(".in.txt") for path in (FIXTURES / folder).glob("*.in.txt"))
    assert found, f"no fixtures in {folder or '.'}"
    return found


def load(folder: str, name: str, ending: str):
    path = FIXTURES / folder / f"{name}.{ending}"
    return json.loads(path.read_bytes()) if path.exists() else None


def normalizer(folder: str, name: str, target: str, engine: str) -> Normalizer:
    options = {**(load(folder, name, "options.json") or {}), "target": target, "engine": engine}
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
@pytest.mark.parametrize("folder", ["", "revision"])
def test_lines(folder: str, target: str, engine: str) -> None:
    for name in names(folder):
        line = (FIXTURES / folder / f"{name}.in.txt").read_bytes()
        revision = load(folder, name, "revision.json")
        expected = load(folder, name, f"{target}.json")
        subject = normalizer(folder, name, target, engine)
        try:
            if revision is None:
                found = subject.normalize(line)
            else:
                found = subject.normalize_revision(line, revision["sequence"], revision.get("previous_status"))
        except Rejection as rejection:
            assert as_fixture(rejection) == load(folder, name, "rejection.json"), name
            if rejection.reason == "syntax":
                assert isinstance(rejection.detail, int) and 0 <= rejection.detail <= len(line), name
        else:
            assert same(json.loads(found), expected), name


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("target", TARGETS)
def test_batches(target: str, engine: str) -> None:
    for name in names("batch"):
        lines = (FIXTURES / "batch" / f"{name}.in.txt").read_bytes()
        batch = normalizer("batch", name, target, engine).normalize_batch(lines)
        expected = (FIXTURES / "batch" / f"{name}.{target}.ndjson").read_bytes().splitlines()
        found = batch.events.splitlines()
        assert batch.count == len(found) == len(expected), name
        assert all(same(json.loads(one), json.loads(other)) for one, other in zip(found, expected)), name
        rejections = [{"line": rejected.line, **as_fixture(rejected.reason)} for rejected in batch.rejections]
        assert rejections == load("batch", name, "rejections.json"), name
