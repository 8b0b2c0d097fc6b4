"""The artifacts in this package, compiled once for the process."""

from __future__ import annotations

import threading
from importlib import resources
from typing import Callable, TypeVar

import wasmtime
from wasmtime import component

_T = TypeVar("_T")
_LOCK = threading.Lock()
_COMPILED: dict[str, object] = {}


def engine() -> wasmtime.Engine:
    """The engine that every instance shares."""
    return _once("engine", wasmtime.Engine)


def core_module() -> wasmtime.Module:
    """The plain core module."""
    shared = engine()
    return _once("core", lambda: wasmtime.Module(shared, artifact("message-trace-core.wasm")))


def component_module() -> component.Component:
    """The component."""
    shared = engine()
    return _once("component", lambda: component.Component(shared, artifact("message-trace.wasm")))


def artifact(name: str) -> bytes:
    """A WebAssembly file of this package."""
    return resources.files(__package__).joinpath(name).read_bytes()


def _once(name: str, make: Callable[[], _T]) -> _T:
    with _LOCK:
        if name not in _COMPILED:
            _COMPILED[name] = make()
        return _COMPILED[name]  # type: ignore[return-value]
