"""Every question on a small archive with planted cases, by DuckDB: does it find what was planted, and nothing else?

    pip install duckdb==2.0.1 pyarrow
    python crates/analytics/tests/duckdb/questions.py
"""
import pathlib
import sys

import duckdb
import pyarrow as pa

from planted import LAST, OWN, rows

SQL = pathlib.Path(__file__).parents[2] / "sql"
COLUMNS = {
    "event_id": pa.string(), "sequence": pa.int64(), "time": pa.timestamp("us"), "day": pa.date32(), "sender": pa.string(),
    "sender_domain": pa.string(), "recipient": pa.string(), "recipient_domain": pa.string(), "subject": pa.string(),
    "message_id": pa.string(), "trace_id": pa.string(), "status": pa.string(), "cause": pa.string(),
    "outcome": pa.string(), "direction": pa.string(), "size": pa.int64(), "source_ip": pa.string(), "is_bounce": pa.bool_(),
}
events = pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in COLUMNS.items()})
lookalike_domains = pa.table({"domain": ["c0ntoso.com"], "protected": [OWN], "family": ["homoglyph"], "distance": [1]})
connection = duckdb.connect()
connection.register("events", events)
connection.register("lookalike_domains", lookalike_domains)
connection.execute("CREATE VIEW records AS " + (SQL / "views/records.sql").read_text())


def ask(name):
    sql = (SQL / f"{name}.sql").read_text()
    return connection.execute(sql, {"since": LAST.date().isoformat()} if "$since" in sql else None).fetchall()


def who(name, column=0):
    return [row[column] for row in ask(name)]


failed = []


def check(name, found, expected):
    print("ok  " if found == expected else "FAIL", name)
    if found != expected:
        failed.append(name)
        print(f"     expected {expected}\n     found    {found}")


user = {number: f"user{number}@{OWN}" for number in range(8)}
check("top-senders", who("top-senders")[:2], ["user1@contoso.com", "news@example.net"])
check("top-recipients", len(who("top-recipients")), 10)
# What was released out of quarantine is two events and one record.
records = {(row["trace_id"], row["recipient"]) for row in rows}
check("mail-flow", sum(row[1] for row in ask("mail-flow")), len(records))
check("mail-flow: half hours", {row[0].minute for row in ask("mail-flow")}, {0, 30} if any(r["time"].minute >= 30 for r in rows) else {0})
check("direction", sum(sum(row[1:]) for row in ask("direction")), len(records))
check("largest", (ask("largest")[0][0], ask("largest")[0][2]), (25_000_000, user[2]))
check("failures", [(row[0], row[1], row[2]) for row in ask("failures")], [(OWN, "failed", 40)])
check("baseline-article", user[1] in who("baseline-article"), True)
check("baseline", sorted(who("baseline", 1)), [user[1], user[2]])
check("fan-out", who("fan-out", 1), [user[1]])
check("first-contact", [(row[1], row[4]) for row in ask("first-contact")], [("example.org", 126), ("example.com", 1)])
check("own-private-address", ask("own-private-address")[0][:2] + (len(ask("own-private-address")),), (user[3], "u.ser3@example.com", 1))
check("large-to-one", [row[1:4] for row in ask("large-to-one")], [(user[2], "drop@example.org", 6)])
check("recipient-enumeration", [row[1:3] for row in ask("recipient-enumeration")], [("example.org", 40)])
check("backscatter", [row[1:3] for row in ask("backscatter")], [(user[5], 15)])
check("quarantined-then-delivered", [row[5] for row in ask("quarantined-then-delivered")], ["released"])
check("lookalikes", [(row[0], row[2], row[6], row[8]) for row in ask("lookalikes")], [("c0ntoso.com", "homoglyph", 1, 1)])
check("new-since", sorted(row[1] for row in ask("new-since")), ["c0ntoso.com", "example.com", "example.org", "example.org"])
unchecked = {path.stem for path in SQL.glob("*.sql")} - set("""top-senders top-recipients mail-flow direction largest failures
    baseline-article baseline fan-out first-contact own-private-address large-to-one recipient-enumeration backscatter
    quarantined-then-delivered lookalikes new-since""".split())
check("every file has a case", unchecked, set())
sys.exit(1 if failed else 0)
