"""The component, through its WIT interface: the same artifact that other hosts load.

Slower than the core module: wasmtime converts `list<u8>` element by element, so lines and events pass as `string`.
"""

from __future__ import annotations

import json
from typing import Any

import wasmtime
from wasmtime import component

from ._load import component_module, engine
from ._types import About, Batch, Rejected, Rejection

_INTERFACE = "message-trace:events/mapping@0.2.0"


class Component:
    """One instance of the component. Not for two threads at once."""

    def __init__(self, options_json: bytes) -> None:
        self._store = wasmtime.Store(engine())
        # An empty linker: the component imports nothing.
        self._instance = component.Linker(engine()).instantiate(self._store, component_module())
        options = self._function("[constructor]options")(self._store)
        for name, value in json.loads(options_json).items():
            for call, argument in _settings(name, value):
                problem = self._function(f"[method]options.{call}")(self._store, options, argument)
                if isinstance(problem, str):
                    raise ValueError(problem)
        self._one = self._function("[method]normalizer.normalize")
        self._batch = self._function("[method]normalizer.normalize-batch")
        self._normalizer = self._function("[constructor]normalizer")(self._store, options)

    def normalize(self, line: bytes) -> bytes:
        return _only(self._one(self._store, self._normalizer, self._line(line), None))

    def normalize_revision(
        self, line: bytes, sequence: int, previous_status: str | None, details: str | None
    ) -> bytes:
        if not 0 <= sequence < 1 << 64:
            raise ValueError("sequence: expected a whole number of 64 bits")
        revision = component.Record()
        revision.sequence = sequence
        setattr(revision, "previous-status", previous_status or None)
        # As everywhere in this package, an empty text is none.
        revision.details = details or None
        return _only(self._one(self._store, self._normalizer, self._line(line), revision))

    def normalize_batch(self, lines: bytes) -> Batch:
        chunk: str | bytes
        try:
            chunk = lines.decode()
        except UnicodeDecodeError:
            # Only bytes can say which of the lines is not UTF-8.
            chunk = lines
        batch = self._batch(self._store, self._normalizer, chunk, [])
        events = batch.events.encode() if isinstance(batch.events, str) else bytes(batch.events)
        rejected = [Rejected(entry.line, _rejection(entry.reason)) for entry in batch.rejections]
        return Batch(events, batch.count, rejected)

    def _line(self, line: bytes) -> str:
        """The line as text. One that is not UTF-8 is refused; the component says why, for it may be too long, too."""
        try:
            return line.decode()
        except UnicodeDecodeError:
            # A tab is to JSON what a line feed is, and keeps the line whole in a batch.
            whole = line.removesuffix(b"\n").replace(b"\n", b"\t")
            raise self.normalize_batch(whole).rejections[0].reason from None

    def _function(self, name: str) -> Any:
        interface = self._instance.get_export_index(self._store, _INTERFACE)
        export = interface and self._instance.get_export_index(self._store, name, interface)
        function = export and self._instance.get_func(self._store, export)
        if function is None:
            raise RuntimeError(f"the component in this package has no {name}: reinstall the package")
        return function


def about() -> About:
    """What the component says of itself. Needs no options, hence no instance that is kept."""
    store = wasmtime.Store(engine())
    instance = component.Linker(engine()).instantiate(store, component_module())
    interface = instance.get_export_index(store, _INTERFACE)
    export = interface and instance.get_export_index(store, "about", interface)
    function = export and instance.get_func(store, export)
    if function is None:
        raise RuntimeError("the component in this package has no about: reinstall the package")
    info = function(store)
    versions = {target.name: getattr(target, "schema-version") for target in info.targets}
    return About(
        version=info.version,
        ecs_version=versions["ecs"],
        ocsf_version=versions["ocsf"],
        formats=tuple(info.formats),
        targets=tuple(versions),
    )


def _settings(name: str, value: Any) -> list[tuple[str, Any]]:
    """The calls that set an option. A domain of which nothing is left, and an empty tenant, count as not given."""
    if name == "organization_domains":
        return [("add-organization-domain", domain) for domain in value if domain.strip().strip("@.")]
    if name == "tenant_id":
        return [("set-tenant-id", value)] if value else []
    return [] if value is None else [(f"set-{name.replace('_', '-')}", value)]


def _only(result: Any) -> bytes:
    if isinstance(result, str):
        return result.encode()
    raise _rejection(result)


def _rejection(reason: Any) -> Rejection:
    return Rejection(reason.tag, reason.payload)
