"""The planted events as an archive of the program, and what the program answers about it."""
import json
import subprocess
import sys

from planted import LAST, rows
from same import cell

SINCE = LAST.date().isoformat()


def run(program, *arguments, text=None):
    done = subprocess.run([program, *arguments], input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{arguments[0]} {arguments[1]}: {done.stderr}")
    return done.stdout


def event(row, sequence, size):
    """As target `ecs` writes it."""
    event = {
        "@timestamp": row["time"].isoformat(timespec="milliseconds") + "Z",
        "ecs": {"version": "9.4.0"},
        "event": {"id": row["event_id"], "action": row["status"], "outcome": row["outcome"], "sequence": sequence},
        "email": {
            "subject": row["subject"], "message_id": row["message_id"], "local_id": row["trace_id"],
            "direction": row["direction"], "to": {"address": [row["recipient"]]},
        },
        "source": {"ip": row["source_ip"]},
        "m365": {"message_trace": {"size": size, "is_bounce": row["is_bounce"]}},
    }
    if row["sender"]:
        event["email"]["from"] = {"address": [row["sender"].upper()]}
    return json.dumps(event)


def archive(program, folder):
    """Twice, and some of the events in an older form first: each has to count once."""
    place = f"{folder}/archive"
    older = "\n".join(event(row, 0, 1) for row in rows[::7])
    events = "\n".join(event(row, (row["sequence"] or 0) + 1, row["size"]) for row in rows)
    run(program, "archive", "--output", place, text=older)
    for _ in range(2):
        run(program, "archive", "--output", place, text=events)
    return place


def answer(program, question, place, *more):
    """The rows of an answer, each as a dictionary."""
    text = run(program, "query", question, "--archive", place, "--since", SINCE, "--json", *more)
    return [{key: cell(value) for key, value in json.loads(line).items()} for line in text.splitlines()]


class Tally:
    """Compares answers, and says at the end how many were equal."""

    def __init__(self):
        self.total = self.failed = 0

    def compare(self, name, found, expected):
        self.total += 1
        is_equal = found == expected and bool(found)
        print("ok  " if is_equal else "FAIL", name, len(found), "rows", flush=True)
        if is_equal:
            return
        self.failed += 1
        for a, b in zip(found, expected):
            if a != b:
                print(f"     found    {a}\n     expected {b}")
                break
        print(f"     {len(found)} rows found, {len(expected)} expected")

    def end(self):
        """As pytest sums up, so that CI counts it."""
        passed = f"{self.total - self.failed} passed"
        print(f"{passed}, {self.failed} failed in 0.0s" if self.failed else f"{passed} in 0.0s")
        sys.exit(1 if self.failed else 0)
