"""How long every question takes, by this program and by DuckDB over the same archive, and in how much memory.

    pip install duckdb==2.0.1 pyarrow==26.0.1
    python crates/analytics/bench/questions.py PROGRAM [EVENTS…]

Makes an archive of each size (1,000,000 events where none is named) out of ninety days of a tenant with 20,000 users, asks
every question three times with each, and prints the medians as a table. Every answer is compared, cell by cell. Both have
two threads and 1 GiB. With --alone nobody but this program is asked. The program's time is that of the whole process, from its start to its last line; DuckDB's is that of
the query alone, in a process of its own that is up already, with the look-alikes found already.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import duckdb

HERE = pathlib.Path(__file__).parent
SQL = HERE.parent / "sql"
sys.path.insert(0, str(HERE.parent / "tests/duckdb"))
from same import cell  # noqa: E402

OWN = "contoso.com"
DAYS = 90
USERS = 20_000
SINCE = "2026-09-22"
LIMIT = ["SET threads = 2", "SET memory_limit = '1GiB'"]

# The events of one day as lines. A few users write much, most write little; every fifth mail comes from outside, every
# third goes there; one in a hundred fails; one in fifty has a second status, under a sequence.
LINES = f"""
WITH dice AS (
    SELECT i, hash(printf('a%d', i)) / 18446744073709551616.0 AS a, hash(printf('b%d', i)) / 18446744073709551616.0 AS b,
        hash(printf('c%d', i)) / 18446744073709551616.0 AS c, hash(printf('d%d', i)) / 18446744073709551616.0 AS d,
        hash(printf('e%d', i)) / 18446744073709551616.0 AS e,
        SQRT(-2 * LN((hash(printf('f%d', i)) + 1) / 18446744073709551616.0)) * COS(6.283185307 * hash(printf('g%d', i)) / 18446744073709551616.0) AS normal
    FROM range($first, $until) AS numbers(i)
), mails AS (
    SELECT i, CASE WHEN c < 0.2 THEN 'inbound' WHEN c < 0.5 THEN 'outbound' ELSE 'internal' END AS direction,
        printf('user%d', CAST(FLOOR({USERS} * POW(a, 2.5)) AS INTEGER)) AS inside,
        printf('user%d', CAST(FLOOR({USERS} * b) AS INTEGER)) AS other,
        CASE WHEN e > 0.9999 THEN 'ceo@c0ntoso.com' ELSE
            printf('person%d@partner%d.example', CAST(FLOOR(400 * b) AS INTEGER), CAST(FLOOR(3000 * POW(d, 3)) AS INTEGER)) END AS outside,
        LEAST(CAST(EXP(9.5 + 1.6 * normal) AS BIGINT), 35000000) AS size,
        CASE WHEN d < 0.01 THEN 'failed' WHEN d < 0.015 THEN 'filteredAsSpam' WHEN d < 0.02 THEN 'quarantined' ELSE 'delivered' END AS status,
        strftime(TIMESTAMP '2026-07-01' + to_days($day) + to_microseconds(CAST(86400e6 * e AS BIGINT)), '%Y-%m-%dT%H:%M:%S.%f') AS moment,
        d BETWEEN 0.015 AND 0.035 AS has_changed,
    FROM dice
), rows AS (
    SELECT *, CASE direction WHEN 'inbound' THEN outside ELSE inside || '@{OWN}' END AS sender,
        CASE direction WHEN 'outbound' THEN outside WHEN 'inbound' THEN inside || '@{OWN}' ELSE other || '@{OWN}' END AS recipient
    FROM mails
), told AS (
    SELECT * REPLACE (CASE WHEN has_changed THEN 'pending' ELSE status END AS status), 0 AS sequence FROM rows
    UNION ALL SELECT *, 1 FROM rows WHERE has_changed
)
SELECT printf(
    '{{"@timestamp":"%sZ","ecs":{{"version":"9.4.0"}},"event":{{"id":"%016x/%s/%s","action":"%s","outcome":"%s"%s}},"email":{{"from":{{"address":["%s"]}},"to":{{"address":["%s"]}},"subject":"Report %d","message_id":"%016x@mail","local_id":"%016x","direction":"%s"}},"source":{{"ip":"192.0.2.%d"}},"m365":{{"message_trace":{{"size":%d}}}}}}',
    moment, i, recipient, status, status, CASE status WHEN 'delivered' THEN 'success' WHEN 'pending' THEN 'unknown' ELSE 'failure' END,
    CASE WHEN sequence = 1 THEN ',"sequence":1' ELSE '' END, sender, recipient, i % 997, i, i, direction, i % 250, size
) FROM told
"""


def archive(program, folder, events):
    """Writes the archive. Gives the seconds that it took, the making of the lines not counted."""
    lines = duckdb.connect()
    lines.execute("SET enable_progress_bar = false")
    spent = 0.0
    for day in range(DAYS):
        span = {"first": events * day // DAYS, "until": events * (day + 1) // DAYS, "day": day}
        text = "\n".join(line for (line,) in lines.execute(LINES, span).fetchall()).encode()
        began = time.monotonic()
        subprocess.run([program, "archive", "--output", folder], input=text, stderr=subprocess.PIPE, check=True)
        spent += time.monotonic() - began
        if (day + 1) % 10 == 0:
            print(f"{day + 1} of {DAYS} days archived", file=sys.stderr)
    return spent


def measured(command):
    """What a process printed, the seconds from its start to its end, and the most memory that it had, in MiB."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as said:
        began = time.monotonic()
        child = subprocess.Popen(command, stdout=out, stderr=said)
        _, status, usage = os.wait4(child.pid, 0)
        took = time.monotonic() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            said.seek(0)
            sys.exit(f"{command}: {said.read().decode()}")
        out.seek(0)
        return out.read().decode(), took, usage.ru_maxrss / 1024


def ask_duckdb(folder, name, hits):
    """Runs in a process of its own: prints the answer, then the seconds that it took."""
    connection = duckdb.connect()
    for setting in [*LIMIT, "SET preserve_insertion_order = false"]:
        connection.execute(setting)
    connection.execute(f"CREATE VIEW events AS SELECT * FROM read_parquet('{folder}/day=*/*.parquet', hive_partitioning = false)")
    connection.execute("CREATE VIEW records AS " + (SQL / "views/records.sql").read_text())
    connection.execute("CREATE TABLE lookalike_domains (domain VARCHAR, protected VARCHAR, family VARCHAR, distance BIGINT)")
    for hit in map(json.loads, pathlib.Path(hits).read_text().splitlines()):
        values = [hit["domain"], hit["protected"], hit["family"], hit["distance"]]
        connection.execute("INSERT INTO lookalike_domains VALUES (?, ?, ?, ?)", values)
    sql = (SQL / f"{name}.sql").read_text()
    began = time.monotonic()
    asked = connection.execute(sql, {"since": SINCE} if "$since" in sql else None)
    found = asked.fetchall()
    took = time.monotonic() - began
    columns = [column[0] for column in asked.description]
    for row in found:
        print(json.dumps(dict(zip(columns, map(cell, row)))))
    print(took)


def answers(lines):
    """Rows in an order of their own: ties may come in any."""
    rows = [{key: cell(value) for key, value in json.loads(line).items()} for line in lines]
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


def ask(program, folder, name):
    """The answer of this program, the seconds, and the MiB."""
    return measured([program, "query", str(SQL / f"{name}.sql"), "--archive", folder, "--since", SINCE, "--protect", OWN, "--json"])


def questions():
    return sorted(path.stem for path in SQL.glob("*.sql"))


def alone(program, folder, rounds):
    """Prints a line for each question."""
    print("| question | s | MiB |\n|---|---:|---:|")
    total, most = 0.0, 0.0
    for name in questions():
        asked = [ask(program, folder, name)[1:] for _ in range(rounds)]
        took, peak = statistics.median(took for took, _ in asked), max(peak for _, peak in asked)
        total, most = total + took, max(most, peak)
        print(f"| {name} | {took:.2f} | {peak:.0f} |", flush=True)
    print(f"| all | {total:.1f} | {most:.0f} |", flush=True)
    return True


def compare(program, folder, rounds):
    """Prints a line for each question. Gives whether all answers are equal."""
    hits = f"{folder}.hits"
    domains = duckdb.connect().execute(
        f"SELECT DISTINCT sender_domain FROM read_parquet('{folder}/day=*/*.parquet') WHERE sender_domain IS NOT NULL"
    ).fetchall()
    text = "\n".join(domain for (domain,) in domains)
    found = subprocess.run([program, "lookalike", "--protect", OWN, "--json", "-"], input=text, capture_output=True, text=True, check=True)
    pathlib.Path(hits).write_text(found.stdout)
    print("| question | message-trace, s | MiB | DuckDB, s | MiB | ratio |\n|---|---:|---:|---:|---:|---:|")
    ours, theirs, most, is_equal = 0.0, 0.0, 0.0, True
    for name in questions():
        mine, other, peak, their_peak = [], [], 0.0, 0.0
        for _ in range(rounds):
            answer, took, memory = ask(program, folder, name)
            mine.append(took)
            peak = max(peak, memory)
            expected, _, memory = measured([sys.executable, __file__, "--ask", folder, name, hits])
            *expected, took = expected.splitlines()
            other.append(float(took))
            their_peak = max(their_peak, memory)
        is_same = answers(answer.splitlines()) == answers(expected)
        is_equal &= is_same
        a, b = statistics.median(mine), statistics.median(other)
        ours, theirs, most = ours + a, theirs + b, max(most, peak)
        print(f"| {name}{'' if is_same else ' (differs)'} | {a:.2f} | {peak:.0f} | {b:.2f} | {their_peak:.0f} | {a / b:.2f} |", flush=True)
    print(f"| all | {ours:.1f} | {most:.0f} | {theirs:.1f} | | {ours / theirs:.2f} |", flush=True)
    return is_equal


def main():
    if sys.argv[1:2] == ["--ask"]:
        return ask_duckdb(*sys.argv[2:5])
    if sys.argv[1:2] == ["--archive"]:
        return print(archive(*sys.argv[2:4], int(sys.argv[4])))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("events", nargs="*", type=int, default=[1_000_000])
    parser.add_argument("--folder", default=None, help="where archives are written and kept [default: a temporary folder]")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--alone", action="store_true", help="ask this program alone")
    arguments = parser.parse_args()
    is_equal = True
    for events in arguments.events:
        keep = arguments.folder or tempfile.mkdtemp()
        folder = f"{keep}/{events}"
        if not os.path.isdir(folder):
            # In a process of its own: what a child has at most counts what its parent has when it is born.
            words = [sys.executable, __file__, "--archive", arguments.program, folder, str(events)]
            spent = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout
            print(f"\n{events} messages archived in {float(spent):.0f} s", flush=True)
        size = sum(path.stat().st_size for path in pathlib.Path(folder).rglob("*.parquet"))
        count, = duckdb.connect().execute(f"SELECT COUNT(*) FROM read_parquet('{folder}/day=*/*.parquet')").fetchone()
        print(f"\n{count} events of {events} messages, {size / 2**20:.0f} MiB\n")
        is_equal &= (alone if arguments.alone else compare)(arguments.program, folder, arguments.rounds)
        if arguments.folder is None:
            shutil.rmtree(keep)
    return 0 if is_equal else 1


if __name__ == "__main__":
    sys.exit(main())
