"""Called by tests/load.sh: load.py SERVER SECONDS."""

import concurrent.futures
import json
import os
import pathlib
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

SECRET = secrets.token_hex(32)
# Routes, and requests a second of each. A person sends those of one route, and has a budget of 600 a minute.
RATES = {
    "GET /resources": 8,
    "GET /resources/{resource}": 8,
    "GET /me": 8,
    "GET /sessions?limit=20": 6,
    "GET /audit-logs?limit=20": 4,
    "PATCH /resources/{resource}": 4,
    "POST /roles/{role}/resources/{resource}": 2,
    "DELETE /roles/{role}/resources/{resource}": 2,
    "POST /sessions": 2,
    "PUT /credentials/{credential}/": 2,
    "POST /roles": 2,
}
# What a route may answer below the limit besides success: what is assigned already, what is not, a name that is taken, and a person
# with as many sessions as one may have.
RIGHT = {"POST /roles": {400}, "POST /sessions": {400}, "POST /roles/{role}/resources/{resource}": {400},
         "DELETE /roles/{role}/resources/{resource}": {404}}


class Server:
    """The program on a folder of its own, and requests to it."""

    def __init__(self, program, data):
        self.environment = {**os.environ, "POSTERN_JWT_SECRET": SECRET, "POSTERN_SESSIONS_PER_PERSON": "1000"}
        self.program, self.log = program, open(os.path.join(data, "log"), "w")
        command = [program, "--port", "0", "--no-demo", "--data", os.path.join(data, "data")]
        self.process = subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.base = re.search(r"http://\S+", self.process.stdout.readline()).group()
        self.admins = [self.token(f"admin-{number}") for number in range(len(RATES))]

    def token(self, sub):
        command = [self.program, "token", "--sub", sub, "--org", "load", "--role", "ORG_ADMIN", "--ttl", "86400"]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True).stdout.strip()

    def send(self, method, path, body=None):
        headers = {"authorization": f"Bearer {self.admins[0]}", "content-type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + "/api/v1" + path, data, headers, method=method)
        with urllib.request.urlopen(request) as response:
            text = response.read()
        return json.loads(text) if text else None

    def memory(self):
        """Resident megabytes."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024


def prepare(server):
    value = {"accessKeyId": "AKIA1", "secretAccessKey": "s"}
    credential = server.send("POST", "/credentials/", {"name": "AWS", "credential_type": "ACCESS_KEY", "value": value})["id"]
    spare = server.send("POST", "/credentials/", {"name": "Spare", "value": "s"})["id"]
    body = {"name": "Bastion", "credentialId": credential, "provider": "AWS", "resourceType": "SECURITY_GROUP",
            "resourceIdentifier": "sg-0abc123def4567890", "region": "eu-central-1", "config": {"port": 22}}
    resource = server.send("POST", "/resources", body)["id"]
    server.send("PATCH", f"/resources/{resource}", {"isActive": True})
    return {"resource": resource, "credential": spare, "role": server.send("POST", "/roles", {"name": "Engineers"})["id"]}


def body_of(route, ids):
    """Bodies of which oha takes any; nothing for requests without one."""
    bodies = {
        "PATCH /resources/{resource}": [{"name": f"Bastion {n}"} for n in range(50)],
        "POST /sessions": [{"resourceIds": [ids["resource"]], "durationMinutes": 1}],
        "PUT /credentials/{credential}/": [{"name": "Spare", "value": f"s{n}"} for n in range(50)],
        "POST /roles": [{"name": f"Role {secrets.token_hex(8)}"} for _ in range(40000)],
    }
    return bodies.get(route)


def shoot(server, route, ids, rate, seconds, folder):
    """One route at its rate by one person: what oha saw."""
    method, path = route.split(" ")
    number = list(RATES).index(route)
    command = ["oha", "--no-tui", "--output-format", "json", "-z", f"{seconds}s", "-q", str(rate), "-c", "100", "-w", "-m", method,
               "--latency-correction", "-H", f"authorization: Bearer {server.admins[number]}", "-H", "content-type: application/json"]
    bodies = body_of(route, ids)
    if bodies:
        file = os.path.join(folder, f"{number}-{method}-{secrets.token_hex(4)}")
        pathlib.Path(file).write_text("".join(json.dumps(body) + "\n" for body in bodies))
        command += ["-Z", file] if len(bodies) > 1 else ["-d", json.dumps(bodies[0])]
    command.append(server.base + "/api/v1" + path.format(**ids))
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def load(server, ids, factor, seconds, folder):
    """All routes at once: route to what oha saw."""
    with concurrent.futures.ThreadPoolExecutor(len(RATES)) as pool:
        running = {route: pool.submit(shoot, server, route, ids, rate * factor, seconds, folder) for route, rate in RATES.items()}
        return {route: future.result() for route, future in running.items()}


def watch(server, samples, stopped):
    while not stopped.wait(5):
        samples.append(server.memory())


def tenths(samples):
    size = max(1, len(samples) // 10)
    return [samples[start:start + size] for start in range(0, size * 10, size) if samples[start:start + size]]


def table(seen):
    print(f"{'route':44} {'requests':>8}  {'p50':>8} {'p99':>8}  statuses")
    for route, found in seen.items():
        statuses = {int(code): count for code, count in found["statusCodeDistribution"].items()}
        tiles = {name: 1000 * (found["latencyPercentiles"][name] or 0) for name in ("p50", "p99")}
        total = sum(statuses.values())
        print(f"{route:44} {total:8}  {tiles['p50']:5.1f} ms {tiles['p99']:5.1f} ms  {statuses} {found['errorDistribution'] or ''}")


def statuses_of(seen):
    counts = {}
    for route, found in seen.items():
        for code, count in found["statusCodeDistribution"].items():
            counts.setdefault(int(code), {}).setdefault(route, count)
    return counts


def acknowledged_roles(seen):
    return seen["POST /roles"]["statusCodeDistribution"].get("201", 0)


def main():
    program, seconds = sys.argv[1], int(sys.argv[2])
    beyond_seconds = min(seconds, 60)
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        server = Server(program, folder)
        ids = prepare(server)
        samples, stopped = [], threading.Event()
        threading.Thread(target=watch, args=(server, samples, stopped), daemon=True).start()
        print(f"{sum(RATES.values())} requests a second for {seconds} s")
        below = load(server, ids, 1, seconds, folder)
        stopped.set()
        table(below)
        for code, routes in statuses_of(below).items():
            for route, count in routes.items():
                if code >= 300 and code not in RIGHT.get(route, ()) or code >= 500:
                    wrong.append(f"{count} times {code} of {route} below the limit")
        curve = [sum(part) / len(part) for part in tenths(samples)]
        print("memory in MB, a mean for each tenth of the time:", " ".join(f"{mean:.1f}" for mean in curve))
        # The engine remembers the token of a transaction for ten minutes, as DynamoDB does: until then it has more to remember.
        if curve[-1] > 1.1 * curve[len(curve) // 2]:
            wrong.append("memory grows in the second half")
        print(f"\n15 times as many for {beyond_seconds} s")
        beyond = load(server, ids, 15, beyond_seconds, folder)
        table(beyond)
        strange = {code: routes for code, routes in statuses_of(beyond).items() if code >= 500 and code != 503}
        if strange or not statuses_of(beyond).get(429):
            wrong.append(f"past the limit: {strange or 'no 429'}")
        time.sleep(3)
        made = acknowledged_roles(below) + acknowledged_roles(beyond)
        found = sum(role["name"].startswith("Role ") for role in server.send("GET", "/roles"))
        print(f"{made} roles were acknowledged as made, and {found} are there")
        # What the load's end cut off may have been made all the same.
        if not made <= found <= made + 200:
            wrong.append("roles were lost")
        server.process.terminate()
        server.process.wait()
        if "panicked" in pathlib.Path(folder, "log").read_text():
            wrong.append("something panicked")
    sys.exit("\n".join(wrong) or None)


if __name__ == "__main__":
    main()
