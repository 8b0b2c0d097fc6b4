"""Whether a slow sink holds polling back without growing memory. `./build.sh slow-sink`.

    slow-sink.py PROGRAM [SECONDS] [ROWS_A_SECOND]

Starts `simulate` with more rows than the quota lets through, a collector on loopback that takes ROWS_A_SECOND (140, a tenth of
what the quota gives), and `poll` between them. Prints the resident size of `poll` as it goes, and at the end the first and
the last tenth of it beside each other.
"""

import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import time

program = sys.argv[1]
seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 600
rate = float(sys.argv[3]) if len(sys.argv) > 3 else 140.0
taken = 0
# What `simulate --print-env` prints last.
LAST_SETTING = "MESSAGE_TRACE_CLIENT_SECRET"


class Collector(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        global taken
        body = self.rfile.read(int(self.headers["Content-Length"]))
        events = body.count(b"\n")
        time.sleep(events / rate)
        taken += events
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def resident(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
threading.Thread(target=server.serve_forever, daemon=True).start()
with tempfile.TemporaryDirectory() as folder:
    simulator = subprocess.Popen(
        [program, "simulate", "--rows-per-day", "4000000", "--days", "3", "--print-env"],
        stdout=subprocess.PIPE,
        text=True,
    )
    environment = dict(os.environ)
    for line in simulator.stdout:
        name, _, value = line.strip().partition("=")
        environment[name] = value
        if name == LAST_SETTING:
            break
    with open(f"{folder}/poll.toml", "w") as file:
        file.write(
            f'[[sinks]]\ntype = "http"\nurl = "http://127.0.0.1:{server.server_port}/in"\n'
            'format = "ndjson"\ngzip = false\nmax-events = 500\n'
        )
    poll = subprocess.Popen(
        [program, "poll", "--since", "72h", "--target", "ecs", "--config", f"{folder}/poll.toml",
         "--ledger", f"{folder}/ledger.db", "--log", "warn"],
        env=environment,
    )
    sizes = []
    try:
        for tick in range(seconds):
            time.sleep(1)
            if poll.poll() is not None:
                sys.exit(f"poll ended with {poll.returncode}")
            sizes.append(resident(poll.pid))
            if (tick + 1) % 60 == 0:
                print(f"{tick + 1:>5} s  {taken:>8} rows taken  {sizes[-1] / 1024:>6.1f} MiB resident", flush=True)
    finally:
        poll.terminate()
        simulator.terminate()
    # The first minute starts things.
    steady = sizes[min(60, len(sizes) // 2):]
    part = max(1, len(steady) // 10)
    first, last = sum(steady[:part]) / part, sum(steady[-part:]) / part
    print(json.dumps({
        "rows_taken": taken,
        "rows_a_second": round(taken / seconds, 1),
        "resident_first_mib": round(first / 1024, 1),
        "resident_last_mib": round(last / 1024, 1),
        "resident_most_mib": round(max(sizes) / 1024, 1),
    }))
