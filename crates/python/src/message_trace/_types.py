"""What goes in and what comes out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

Target = Literal["sekoia", "ecs", "ocsf"]
"""The shape of an event: `sekoia` (the default), `ecs` (ECS 9.4) or `ocsf` (OCSF 1.8, class 4009)."""


class Rejection(ValueError):
    """A line that gives no event. Holds a name, a count or an offset, never text from the line.

    `reason` is one of `syntax`, `unknown-format`, `missing-field`, `invalid-field`, `envelope`, `too-long` and
    `too-deep`. `detail` is the byte offset, the field, the number of rows or the limit; `None` for `unknown-format`.
    """

    reason: str
    detail: str | int | None

    def __init__(self, reason: str, detail: str | int | None = None) -> None:
        super().__init__(reason if detail is None else f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type[Rejection], tuple[str, str | int | None]]:
        # Rejections cross process boundaries (Spark, multiprocessing).
        return Rejection, (self.reason, self.detail)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rejection):
            return NotImplemented
        return (self.reason, self.detail) == (other.reason, other.detail)

    def __hash__(self) -> int:
        return hash((self.reason, self.detail))


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


def options_json(**options: Any) -> bytes:
    """The options that were given, as the module reads them."""
    domains = options.get("organization_domains")
    if isinstance(domains, str):
        raise TypeError("organization_domains: expected a list of domains, but found one text")
    if domains is not None:
        options["organization_domains"] = list(domains)
    given = {name: value for name, value in options.items() if value is not None}
    return json.dumps(given).encode()
