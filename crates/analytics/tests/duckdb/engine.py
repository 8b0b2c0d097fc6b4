"""Every question and every rule of `detect` by this program and by DuckDB over the same files: is every cell equal?

    pip install duckdb==2.0.1
    python crates/analytics/tests/duckdb/engine.py PROGRAM

Floats are equal to nine digits.
"""
import json
import pathlib
import sys
import tempfile

import duckdb
from kept import SINCE, Tally, answer, archive, run
from planted import OWN, rows
from same import cell

PROGRAM = sys.argv[1]
SQL = pathlib.Path(__file__).parents[2] / "sql"

with tempfile.TemporaryDirectory() as folder:
    place = archive(PROGRAM, folder)
    connection = duckdb.connect()
    connection.execute(
        f"CREATE VIEW events AS SELECT * FROM read_parquet('{place}/day=*/*.parquet', hive_partitioning = false)"
    )
    connection.execute("CREATE VIEW records AS " + (SQL / "views/records.sql").read_text())
    (count,) = connection.execute("SELECT COUNT(*) FROM events").fetchone()
    assert count == len(rows), f"{count} rows for {len(rows)} events"
    domains = connection.execute("SELECT DISTINCT sender_domain FROM events WHERE sender_domain IS NOT NULL").fetchall()
    hits = run(PROGRAM, "lookalike", "--protect", OWN, "--json", "-", text="\n".join(domain for (domain,) in domains))
    connection.execute("CREATE TABLE lookalike_domains (domain VARCHAR, protected VARCHAR, family VARCHAR, distance BIGINT)")
    for hit in map(json.loads, hits.splitlines()):
        connection.execute(
            "INSERT INTO lookalike_domains VALUES (?, ?, ?, ?)",
            [hit["domain"], hit["protected"], hit["family"], hit["distance"]],
        )
    tally = Tally()
    questions = [(path.stem, path) for path in sorted(SQL.glob("*.sql"))]
    rules = [(str(path), path) for path in sorted((SQL / "rules").glob("*.sql"))]
    for name, path in questions + rules:
        sql = path.read_text()
        asked = connection.execute(sql, {"since": SINCE} if "$since" in sql else None)
        columns = [column[0] for column in asked.description]
        expected = [dict(zip(columns, map(cell, row))) for row in asked.fetchall()]
        tally.compare(path.relative_to(SQL), answer(PROGRAM, name, place), expected)
    tally.end()
