"""Every question on a small archive with planted cases, by DuckDB: does it find what was planted, and nothing else?

    pip install duckdb==2.0.1 pyarrow
    python crates/analytics/tests/duckdb/questions.py

The archive is thirty quiet days of a tenant, and one case for each question on the last day.
"""
import datetime as dt
import pathlib
import sys

import duckdb
import pyarrow as pa

SQL = pathlib.Path(__file__).parents[2] / "sql"
FIRST = dt.datetime(2026, 11, 1)
LAST = FIRST + dt.timedelta(days=29)
OWN = "contoso.com"
COLUMNS = {
    "event_id": pa.string(), "time": pa.timestamp("us"), "day": pa.date32(), "sender": pa.string(),
    "sender_domain": pa.string(), "recipient": pa.string(), "recipient_domain": pa.string(), "subject": pa.string(),
    "message_id": pa.string(), "trace_id": pa.string(), "status": pa.string(), "cause": pa.string(),
    "outcome": pa.string(), "direction": pa.string(), "size": pa.int64(), "source_ip": pa.string(), "is_bounce": pa.bool_(),
}
rows = []


def domain(address):
    return address.split("@")[1] if address else None


def mail(time, sender, recipient, size=20_000, status="delivered", trace=None):
    number = len(rows)
    inside = [domain(sender) == OWN, domain(recipient) == OWN]
    direction = {(True, True): "internal", (True, False): "outbound", (False, True): "inbound"}.get(tuple(inside), "external")
    trace = trace or f"trace-{number}"
    rows.append({
        "event_id": f"{trace}/{recipient}/{status}", "time": time, "day": time.date(), "sender": sender,
        "sender_domain": domain(sender), "recipient": recipient, "recipient_domain": domain(recipient),
        "subject": "Quarterly Report", "message_id": f"{trace}@mail", "trace_id": trace, "status": status, "cause": None,
        "outcome": "success" if status == "delivered" else "failure", "direction": direction, "size": size,
        "source_ip": "192.0.2.10", "is_bounce": sender is None,
    })


for day in range(30):
    at = FIRST + dt.timedelta(days=day, hours=9)
    for user in range(8):
        for number in range(4 + (user + day) % 3):
            mail(at + dt.timedelta(minutes=7 * number), f"user{user}@{OWN}", f"partner{number}@fabrikam.com")
        mail(at + dt.timedelta(minutes=3), "news@example.net", f"user{user}@{OWN}")
        mail(at + dt.timedelta(minutes=5), f"user{user}@{OWN}", f"user{(user + 1) % 8}@{OWN}")
noon = LAST + dt.timedelta(hours=12)
# Exfiltration by number, by size to one address, and to the sender's own private address.
for number in range(120):
    mail(noon + dt.timedelta(seconds=number), f"user1@{OWN}", f"buyer{number}@example.org", 9_000)
for number in range(6):
    mail(noon + dt.timedelta(minutes=number), f"user2@{OWN}", "drop@example.org", 25_000_000)
mail(noon, f"user3@{OWN}", "u.ser3@example.com", 40_000)
# Look-alikes, enumeration, backscatter, a release out of quarantine.
mail(noon, "ceo@c0ntoso.com", f"user4@{OWN}")
for number in range(40):
    mail(noon + dt.timedelta(seconds=number), "probe@example.org", f"guess{number}@{OWN}", status="failed")
for number in range(15):
    mail(noon + dt.timedelta(seconds=number), None, f"user5@{OWN}")
mail(noon, "shop@example.net", f"user6@{OWN}", status="quarantined", trace="released")
mail(noon + dt.timedelta(hours=1), "shop@example.net", f"user6@{OWN}", trace="released")

events = pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in COLUMNS.items()})
lookalike_domains = pa.table({"domain": ["c0ntoso.com"], "protected": [OWN], "family": ["homoglyph"], "distance": [1]})
connection = duckdb.connect()
connection.register("events", events)
connection.register("lookalike_domains", lookalike_domains)


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
check("mail-flow", sum(row[1] for row in ask("mail-flow")), len(rows))
check("mail-flow: half hours", {row[0].minute for row in ask("mail-flow")}, {0, 30} if any(r["time"].minute >= 30 for r in rows) else {0})
check("direction", sum(sum(row[1:]) for row in ask("direction")), len(rows))
check("largest", (ask("largest")[0][0], ask("largest")[0][2]), (25_000_000, user[2]))
check("failures", [(row[0], row[1], row[2]) for row in ask("failures")], [(OWN, "failed", 40), (OWN, "quarantined", 1)])
check("baseline-article", user[1] in who("baseline-article"), True)
check("baseline", sorted(who("baseline", 1)), [user[1], user[2]])
check("fan-out", who("fan-out", 1), [user[1]])
check("first-contact", who("first-contact", 1), ["example.org", "example.com"])
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
