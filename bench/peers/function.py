"""A Lambda function's process, and the Runtime API at which it asks for its events."""

import json
import queue
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATIENCE_SECONDS = 60
REGION = "eu-central-1"


class Answering(BaseHTTPRequestHandler):
    """A server's end of a connection that stays open. Nothing waits for a second packet: head and body are one."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def answer(self, status, body, headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_):
        pass


class LoopbackServer(ThreadingHTTPServer):
    """On a port of its own, until `close`. A client that is killed is no error."""

    daemon_threads = True

    def __init__(self, answering):
        super().__init__(("127.0.0.1", 0), answering)
        self.address = f"127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def close(self):
        self.shutdown()
        self.server_close()


class Desk(Answering):
    """Hands out events and takes answers."""

    def do_GET(self):
        request_id, event = self.server.events.get()
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + 10) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": f"arn:aws:lambda:{REGION}:000000000000:function:peer",
        }
        self.answer(200, json.dumps(event).encode(), headers)

    def do_POST(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b"".join(pieces(self.rfile))
        else:
            body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.reports.put((self.path.rsplit("/", 1)[-1], json.loads(body)))
        self.answer(202, b"{}", {"Content-Type": "application/json"})


def pieces(stream):
    while size := int(stream.readline().split(b";")[0], 16):
        yield stream.read(size)
        stream.readline()
    stream.readline()


class Function:
    """A running function. `close` ends it."""

    def __init__(self, bootstrap, settings):
        self.server = LoopbackServer(Desk)
        self.server.events, self.server.reports = queue.Queue(), queue.Queue()
        self.log = tempfile.TemporaryFile()
        lambdas_own = {
            "AWS_LAMBDA_RUNTIME_API": self.server.address,
            "AWS_LAMBDA_FUNCTION_NAME": "peer",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        self.process = subprocess.Popen(
            [bootstrap], env=lambdas_own | settings, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
        )

    def invoke(self, event):
        """The function's answer to an event."""
        self.server.events.put((str(uuid.uuid4()), event))
        kind, report = self.report()
        if kind != "response":
            raise AssertionError(f"The function reported an error: {report}\n{self.said()}")
        return report

    def report(self):
        """What the function says next: where, and what."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return self.server.reports.get(timeout=0.2)
            except queue.Empty:
                if self.process.poll() is not None and self.server.reports.empty():
                    raise AssertionError(f"The function ended with {self.process.returncode}\n{self.said()}") from None
                if time.monotonic() > deadline:
                    raise AssertionError(f"The function did not answer\n{self.said()}") from None

    def said(self):
        """Its log so far."""
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def close(self):
        self.process.kill()
        self.process.wait()
        self.server.close()
        self.log.close()
