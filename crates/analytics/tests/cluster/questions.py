"""Every question and every rule of `detect` by a Ballista cluster and by this process over the same files: is every cell
equal? The cluster is a scheduler and two executors on this machine.

    python crates/analytics/tests/cluster/questions.py PROGRAM SCHEDULER EXECUTOR
"""
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "duckdb"))

from kept import Tally, answer, archive  # noqa: E402

PROGRAM, SCHEDULER, EXECUTOR = sys.argv[1:]
SQL = HERE.parents[1] / "sql"
HOST = "127.0.0.1"


def free_ports(count):
    """Ports that nobody has, all taken at once so that they differ."""
    sockets = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in sockets]
    for listener in sockets:
        listener.close()
    return ports


def until(what, is_done, seconds=60):
    for _ in range(seconds * 10):
        if is_done():
            return
        time.sleep(0.1)
    sys.exit(f"{what} within {seconds} s")


def is_up(port):
    with socket.socket() as client:
        return client.connect_ex((HOST, port)) == 0


class Cluster:
    """A scheduler and two executors, each with a folder of its own."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.port, *ports = free_ports(7)
        self.processes = []
        self.start("scheduler", SCHEDULER, "--bind-host", HOST, "--external-host", HOST, "--bind-port", self.port)
        until("the scheduler is not up", lambda: is_up(self.port))
        for number in range(2):
            flight, grpc, health = ports[3 * number:3 * number + 3]
            work = self.folder / f"work{number}"
            work.mkdir()
            self.start(
                f"executor{number}", EXECUTOR, "--bind-host", HOST, "--external-host", HOST, "--scheduler-host", HOST,
                "--scheduler-port", self.port, "--bind-port", flight, "--bind-grpc-port", grpc, "--bind-health-port", health,
                "--work-dir", work, "--vcores", 2,
            )
            until("an executor is not up", lambda: is_up(flight))

    def start(self, name, *command):
        with open(self.folder / f"{name}.log", "wb") as log:
            self.processes.append(subprocess.Popen(list(map(str, command)), stdout=log, stderr=log, cwd=self.folder))

    def end(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(timeout=60)

    def executors_that_worked(self):
        """How many of them wrote something that another task read."""
        return sum(any(self.folder.glob(f"work{number}/*/**/*")) for number in range(2))


with tempfile.TemporaryDirectory() as folder:
    place = archive(PROGRAM, folder)
    cluster = Cluster(folder)
    try:
        tally = Tally()
        address = ("--cluster", f"df://{HOST}:{cluster.port}")
        questions = [path.stem for path in sorted(SQL.glob("*.sql"))]
        rules = [str(path) for path in sorted((SQL / "rules").glob("*.sql"))]
        for name in questions + rules:
            tally.compare(name, answer(PROGRAM, name, place, *address), answer(PROGRAM, name, place))
        # What the cluster's adaptive planner has wrong, so that it is left out.
        parts = ("recipient_domain", "sender_domain", "source_ip")
        union = " UNION ALL ".join(f"SELECT {part} AS name FROM records WHERE {part} IS NOT NULL" for part in parts)
        limited = pathlib.Path(folder, "union.sql")
        limited.write_text(f"SELECT name, COUNT(*) AS messages FROM ({union} LIMIT 1000000) AS s GROUP BY name ORDER BY name")
        tally.compare("union, limited", answer(PROGRAM, str(limited), place, *address), answer(PROGRAM, str(limited), place))
        tally.compare("executors that worked", [cluster.executors_that_worked()], [2])
    finally:
        cluster.end()
    gone = subprocess.run(
        [PROGRAM, "query", "top-senders", "--archive", place, *address], capture_output=True, text=True, check=False
    )
    tally.compare("a scheduler that is not there", [gone.returncode, "is it up?" in gone.stderr], [74, True])
    tally.end()
