"""What goes in and what comes out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal, get_args

Target = Literal["sekoia", "ecs", "ocsf"]
"""The shape of an event: `sekoia` (the default), `ecs` (ECS 9.4) or `ocsf` (OCSF 1.8, class 4009)."""


class Rejection(ValueError):
    """A line that gives no event. Holds a name, a count or an offset, never text from the line. As text it is a sentence.

    `reason` is one of `syntax`, `unknown-format`, `missing-field`, `invalid-field`, `envelope`, `too-long` and
    `too-deep`. `detail` is the byte offset, the field, the number of rows or the limit; `None` for `unknown-format`.
    """

    reason: str
    detail: str | int | None

    def __init__(self, reason: str, detail: str | int | None = None, message: str | None = None) -> None:
        super().__init__(message or _sentence(reason, detail))
        self.reason = reason
        self.detail = detail

    def __repr__(self) -> str:
        return f"Rejection({self.reason!r}, {self.detail!r})" if self.detail is not None else f"Rejection({self.reason!r})"

    def __reduce__(self) -> tuple[type[Rejection], tuple[str, str | int | None, str]]:
        # Rejections cross process boundaries (Spark, multiprocessing).
        return Rejection, (self.reason, self.detail, str(self))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rejection):
            return NotImplemented
        return (self.reason, self.detail) == (other.reason, other.detail)

    def __hash__(self) -> int:
        return hash((self.reason, self.detail))


# The core module sends its sentence along. The component's interface does not: a test holds these against the module's.
_SENTENCES = {
    "syntax": "expected one JSON object, but reading stopped at byte {}",
    "unknown-format": "expected a message-trace row, but found neither receivedDateTime nor Received",
    "missing-field": "{} is missing",
    "invalid-field": "{}: expected a time",
    "envelope": "expected one row, but found an envelope of {}",
    "too-long": "longer than {} bytes",
    "too-deep": "nested deeper than {} levels",
}


def _sentence(reason: str, detail: str | int | None) -> str:
    return _SENTENCES.get(reason, "{}").format(reason if detail is None else detail)


@dataclass(frozen=True)
class About:
    """What this package is."""

    version: str
    """The version of the package."""
    ecs_version: str
    """The version of ECS that target `ecs` writes."""
    ocsf_version: str
    """The version of OCSF that target `ocsf` writes."""
    formats: tuple[str, ...]
    """The formats that are detected."""
    targets: tuple[str, ...]
    """The shapes that events can have."""


@dataclass(frozen=True)
class Rejected:
    """A line of a batch that was refused."""

    line: int
    """The line in the batch, counted from 1. All rows of an envelope have the number of its line."""
    reason: Rejection
    """Why."""


@dataclass(frozen=True)
class Batch:
    """What a batch became."""

    events: bytes
    """The events in the order of their lines, each followed by a line feed."""
    count: int
    """How many events."""
    rejections: list[Rejected]
    """The lines that gave none, in order. Empty lines are passed over."""

    def __repr__(self) -> str:
        # A batch has megabytes.
        return f"Batch({_of(self.count, 'event')}, {len(self.events)} bytes, {_of(len(self.rejections), 'rejection')})"


def _of(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


def options_json(**options: Any) -> bytes:
    """The options that were given, as the module reads them."""
    _check(options)
    domains = options.get("organization_domains")
    if isinstance(domains, str):
        raise TypeError("organization_domains: expected a list of domains, but found one text")
    if domains is not None:
        options["organization_domains"] = list(domains)
    given = {name: value for name, value in options.items() if value is not None}
    return json.dumps(given).encode()


def _check(options: dict[str, Any]) -> None:
    """Refuses types that JSON would change or not take; what is left the module refuses by name."""
    for name, kinds, expected in (
        ("target", (str,), "a text"),
        ("tenant_id", (str,), "a text"),
        ("keep_original", (bool,), "True or False"),
        ("max_line_bytes", (int,), "a whole number"),
    ):
        value = options.get(name)
        if value is not None and (not isinstance(value, kinds) or (kinds == (int,) and isinstance(value, bool))):
            raise TypeError(f"{name}: expected {expected}, but found {type(value).__name__}")
    target, limit = options.get("target"), options.get("max_line_bytes")
    *others, last = get_args(Target)
    if target is not None and target not in (*others, last):
        raise ValueError(f"target: expected {', '.join(others)} or {last}, but found {target!r}")
    if limit is not None and not 0 <= limit < 1 << 32:
        raise ValueError("max_line_bytes: expected a whole number of bytes, at most 4294967295")
