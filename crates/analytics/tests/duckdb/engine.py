"""Every question and every rule of `detect` by this program and by DuckDB over the same files: is every cell equal?

    pip install duckdb==2.0.1
    python crates/analytics/tests/duckdb/engine.py PROGRAM

The planted events go through `archive` twice, and some of them in an older form first: each has to count once. Floats are
equal to nine digits.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import duckdb
from planted import LAST, OWN, rows
from same import cell

PROGRAM = sys.argv[1]
SQL = pathlib.Path(__file__).parents[2] / "sql"
SINCE = LAST.date().isoformat()


def program(*arguments, text=None):
    done = subprocess.run([PROGRAM, *arguments], input=text, capture_output=True, text=True, check=False)
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


with tempfile.TemporaryDirectory() as folder:
    archive = f"{folder}/archive"
    older = "\n".join(event(row, 0, 1) for row in rows[::7])
    events = "\n".join(event(row, (row["sequence"] or 0) + 1, row["size"]) for row in rows)
    program("archive", "--output", archive, text=older)
    for _ in range(2):
        program("archive", "--output", archive, text=events)
    connection = duckdb.connect()
    connection.execute(
        f"CREATE VIEW events AS SELECT * FROM read_parquet('{archive}/day=*/*.parquet', hive_partitioning = false)"
    )
    connection.execute("CREATE VIEW records AS " + (SQL / "views/records.sql").read_text())
    (count,) = connection.execute("SELECT COUNT(*) FROM events").fetchone()
    assert count == len(rows), f"{count} rows for {len(rows)} events"
    domains = connection.execute("SELECT DISTINCT sender_domain FROM events WHERE sender_domain IS NOT NULL").fetchall()
    hits = program("lookalike", "--protect", OWN, "--json", "-", text="\n".join(domain for (domain,) in domains))
    connection.execute("CREATE TABLE lookalike_domains (domain VARCHAR, protected VARCHAR, family VARCHAR, distance BIGINT)")
    for hit in map(json.loads, hits.splitlines()):
        connection.execute(
            "INSERT INTO lookalike_domains VALUES (?, ?, ?, ?)",
            [hit["domain"], hit["protected"], hit["family"], hit["distance"]],
        )
    failed = 0
    questions = [(path.stem, path) for path in sorted(SQL.glob("*.sql"))]
    rules = [(str(path), path) for path in sorted((SQL / "rules").glob("*.sql"))]
    for name, path in questions + rules:
        sql = path.read_text()
        asked = connection.execute(sql, {"since": SINCE} if "$since" in sql else None)
        columns = [column[0] for column in asked.description]
        expected = [dict(zip(columns, map(cell, row))) for row in asked.fetchall()]
        answer = program("query", name, "--archive", archive, "--since", SINCE, "--json")
        found = [{key: cell(value) for key, value in json.loads(line).items()} for line in answer.splitlines()]
        is_equal = found == expected and bool(found)
        print("ok  " if is_equal else "FAIL", path.relative_to(SQL), len(found), "rows")
        if not is_equal:
            failed += 1
            for a, b in zip(found, expected):
                if a != b:
                    print(f"     found    {a}\n     expected {b}")
                    break
            print(f"     {len(found)} rows found, {len(expected)} expected")
    total = len(questions + rules)
    # As pytest sums up, so that CI counts it.
    print(f"{total - failed} passed, {failed} failed in 0.0s" if failed else f"{total} passed in 0.0s")
    sys.exit(1 if failed else 0)
