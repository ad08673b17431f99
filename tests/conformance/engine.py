"""A private hotcelld, and the requests that deploy and call functions on it.

Not here: what is deployed and expected (rows.py).
"""
import base64
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time

PATIENCE = 60  # seconds for one answer
KEPT = 5       # seconds that an idle connection is used again: the daemon closes those that are idle for long
TREE = "/2016-08-15"


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("hotcell", timeout=PATIENCE)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {}
        for name, value in response.getheaders():
            self.headers.setdefault(name.lower(), []).append(value)
        self.body = response.read()

    def header(self, name):
        return ", ".join(self.headers.get(name.lower(), []))

    @property
    def log(self):
        return base64.b64decode(self.header("x-fc-log-result")).decode("utf-8", "surrogateescape")


class Engine:
    def __init__(self, bin_directory):
        self._bin = bin_directory
        self._local = threading.local()

    def __enter__(self):
        self.home = tempfile.mkdtemp(prefix="hotcell-conformance-")
        os.chmod(self.home, 0o755)
        self._log = open(self.home + "/log", "wb")
        self._process = subprocess.Popen(
            [self._bin / "hotcelld", "--state-dir", self.home + "/state", "--run-dir", self.home + "/run"],
            stdout=subprocess.PIPE, stderr=self._log)
        self._socket = self.home + "/run/api.sock"
        if not self._wait_until_ready():
            self._stop()
            raise SystemExit("the engine did not start:\n" + pathlib.Path(self.home + "/log").read_text())
        return self

    def __exit__(self, *error):
        self._stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def _stop(self):
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _wait_until_ready(self):
        """Asks again and again: the daemon has no other way to say it to a process that is not its supervisor."""
        def is_ready():
            try:
                return self._process.poll() is not None or self.request("GET", "/readyz").status == 200
            except OSError:
                return False
        return self.until(is_ready, 60) and self._process.poll() is None

    def request(self, method, path, body=None, headers=None, expect=None):
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = Connection(self._socket)
        elif time.monotonic() - self._local.used > KEPT:
            connection.close()  # opens itself again
        self._local.used = time.monotonic()
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        try:
            connection.request(method, path, data, headers or {})
            answer = Answer(connection.getresponse())
            if answer.status == 101:
                connection.close()  # it is no HTTP any more
        except (OSError, http.client.HTTPException):
            connection.close()
            raise
        if expect is not None and answer.status != expect:
            raise AssertionError(f"{method} {path}: {answer.status} {answer.body[:2000].decode(errors='replace')}")
        return answer

    def memory(self, field):
        """VmRSS or VmHWM of the daemon, in MiB."""
        status = pathlib.Path(f"/proc/{self._process.pid}/status").read_text()
        return int(re.search(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE)[1]) / 1024

    def forget_peak(self):
        """From here on VmHWM is the peak from here on: proc(5), clear_refs."""
        pathlib.Path(f"/proc/{self._process.pid}/clear_refs").write_text("5")

    def runtimes(self):
        answer = json.loads(self.request("GET", "/v1/runtimes").body)
        return {name for runtime in answer["runtimes"] for name in runtime["serves"]}

    def create_service(self, name):
        self.request("POST", f"{TREE}/services", {"serviceName": name}, expect=200)

    def deploy(self, service, name, package, settings):
        body = dict(settings, functionName=name, code={"zipFile": base64.b64encode(package).decode()})
        self.request("POST", f"{TREE}/services/{service}/functions", body, expect=200)

    def publish_layer(self, name, package):
        """Its ARN."""
        code = {"zipFile": base64.b64encode(package).decode()}
        answer = self.request("POST", f"{TREE}/layers/{name}/versions", {"code": code, "compatibleRuntime": ["python3"]}, expect=200)
        return json.loads(answer.body)["arn"]

    def trigger(self, service, name, config):
        body = {"triggerName": "http", "triggerType": "http", "triggerConfig": config}
        self.request("POST", f"{TREE}/services/{service}/functions/{name}/triggers", body, expect=200)

    def invoke(self, service, name, event, headers):
        path = f"{TREE}/services/{service}/functions/{name}/invocations"
        return self.request("POST", path, event, {"X-Fc-Log-Type": "Tail", **headers})

    def proxy(self, service, name, method, target, body, headers):
        path = f"{TREE}/proxy/{service}/{name}{target}"
        return self.request(method, path, body, {"X-Fc-Log-Type": "Tail", **headers})

    def instances(self, service, name):
        return json.loads(self.request("GET", f"/v1/instances?service={service}&function={name}", expect=200).body)["instances"]

    def written(self, service, name):
        """The function's lines that are kept, each after the id of its request and a space."""
        answer = self.request("GET", f"/v1/logs?service={service}&function={name}", expect=200)
        return "\n".join(line["requestId"] + " " + line["message"] for line in json.loads(answer.body)["lines"])

    def until(self, question, seconds=20):
        """Asks until the answer is yes; whether it was."""
        pause = threading.Event()
        for _ in range(seconds * 50):
            if question():
                return True
            pause.wait(0.02)
        return False

    def evict(self, service, name):
        self.request("POST", f"/v1/instances:evict?service={service}&function={name}", expect=200)
