"""The rows of the table: read from YAML, checked, run in one runtime.

Not here: requests (engine.py), what a column is (columns.py), the page that is made of the results (page.py).
"""
import dataclasses
import json
import re
import time

import yaml

from columns import RUNTIMES

EVERY_BYTE = bytes(range(256))


ROW_KEYS = {"behaviour", "event", "steps", "expect", "settings", "trigger", "note", "reasons", "hooks", "alone", "layer"}
STEP_KEYS = {"event", "http", "expect", "headers", "evict", "wait"}
WAIT_KEYS = {"state", "written"}
CELL_KEYS = {"source", "files", "left_out", "settings"}
EXPECT_KEYS = {"status", "body", "json", "outcome", "error", "headers", "no_headers", "log", "log_lacks", "same_instance", "within_s", "growth_mib"}


@dataclasses.dataclass
class Outcome:
    word: str  # "right", "WRONG", "left out"
    text: str = ""


class Wrong(Exception):
    pass


def load(directory):
    table = []
    for file in sorted(directory.glob("*.yaml")):
        document = yaml.safe_load(file.read_text())
        for row in document["rows"]:
            table.append(Row(document["group"], row, file.name))
    keys = [row.place("") for row in table]
    if len(set(keys)) != len(keys):
        raise SystemExit("two rows of one name: " + str({key for key in keys if keys.count(key) > 1}))
    return table


def bytes_of(value):
    """Text, or {repeat: text, times: n}, {every_byte: true}, {hex: …}."""
    if isinstance(value, dict):
        if "every_byte" in value:
            return EVERY_BYTE
        if "hex" in value:
            return bytes.fromhex(value["hex"])
        return value["repeat"].encode() * value["times"]
    return str(value).encode()


def slug(text):
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-0123456789")


class Row:
    def __init__(self, group, row, file):
        self.group, self.name = group, row["behaviour"]
        self.key = (group, self.name)
        self.note = row.get("note", "")
        self._row = row
        self.reasons = row.get("reasons", {})
        self.is_alone = row.get("alone", False)
        self._steps = row.get("steps") or [{key: row[key] for key in ("event", "expect", "http", "headers") if key in row}]
        place = f"{file}: {self.name}"
        self._know(place, row, ROW_KEYS | STEP_KEYS | set(RUNTIMES))
        for step in self._steps:
            self._know(place, step, STEP_KEYS)
            if "wait" in step:
                self._know(place, step["wait"], WAIT_KEYS | set(RUNTIMES))
            elif "evict" not in step:
                self._know(place, step["expect"], EXPECT_KEYS | set(RUNTIMES))
        for name in RUNTIMES:
            if isinstance(row.get(name), dict):
                self._know(place, row[name], CELL_KEYS)
            if name in self.reasons and name in row:
                raise SystemExit(f"{place}: both a function and a reason for {name}")

    @staticmethod
    def _know(place, mapping, keys):
        for key in mapping:
            if key not in keys:
                raise SystemExit(f"{place}: what is {key}?")

    def run(self, engine, packages, runtime):
        if runtime in self.reasons:
            return Outcome("left out", self.reasons[runtime])
        cell = self._row.get(runtime)
        if cell is None:
            return Outcome("WRONG", "the table has neither a function nor a reason")
        try:
            settings = self._deploy(engine, packages, runtime, cell if isinstance(cell, dict) else {"source": cell})
            instances, answer = [], None
            for number, step in enumerate(self._steps):
                if "evict" in step:
                    engine.evict(*self.place(runtime))
                    continue
                if "wait" in step:
                    what = {**step["wait"], **step["wait"].get(runtime, {})}
                    missing = await_engine(engine, self.place(runtime), what, answer.header("x-fc-request-id"))
                    if missing:
                        return Outcome("WRONG", f"after call {len(instances)}: {missing}")
                    continue
                began, before = time.monotonic(), engine.memory("VmRSS")
                engine.forget_peak()
                answer = self._call(engine, runtime, step)
                words = {"service": self.place(runtime)[0], "handler": settings["handler"], "took": time.monotonic() - began,
                         "grown": engine.memory("VmHWM") - before}
                instances.append(answer.header("x-fc-instance-id"))
                try:
                    expect = {**step["expect"], **step["expect"].get(runtime, {})}
                    check(answer, expect, step, instances, words)
                except Wrong as wrong:
                    return Outcome("WRONG", (f"call {number + 1}: " if len(self._steps) > 1 else "") + str(wrong))
            return Outcome("right")
        except (AssertionError, OSError) as error:
            return Outcome("WRONG", f"{type(error).__name__}: {error}")

    def place(self, runtime):
        """Service and function of a cell: a service holds 50 functions at most."""
        return f"{slug(self.group)}-{runtime}", slug(self.name)[:64].strip("-")

    def _deploy(self, engine, packages, runtime, cell):
        column = RUNTIMES[runtime]
        files = {**column.files, **cell.get("files", {})}
        if "source" in cell:
            files[column.file] = column.head + cell["source"]
        settings = {"runtime": column.identifier, "handler": "index.handler", "timeout": 10, **column.settings,
                    **self._row.get("settings", {})}
        for key in ("handler", "initializer"):
            if key in settings:
                settings[key] = column.say(settings[key])
        if "hooks" in self._row:
            settings["instanceLifecycleConfig"] = {name: {**hook, "handler": column.say(hook["handler"])}
                                                   for name, hook in self._row["hooks"].items()}
        if "layer" in self._row:
            settings["layers"] = [engine.publish_layer(slug(self.name)[:64].strip("-"), packages.zip_of_layer(self._row["layer"]))]
        settings.update(cell.get("settings", {}))
        engine.deploy(*self.place(runtime), packages.zip_of(column, files, cell.get("left_out", ())), settings)
        if "trigger" in self._row:
            engine.trigger(*self.place(runtime), self._row["trigger"])
        return settings

    def _call(self, engine, runtime, step):
        place, headers = self.place(runtime), step.get("headers", {})
        event = bytes_of(step.get("event", ""))
        if "http" not in step:
            return engine.invoke(*place, event, headers)
        method, _, target = step["http"].partition(" ")
        return engine.proxy(*place, method, target, event if "event" in step else None, headers)


def await_engine(engine, place, what, request_id):
    """Waits for the environments' state, or for what is written; what did not come."""
    if "state" in what:
        states = lambda: {instance["state"] for instance in engine.instances(*place)}  # noqa: E731
        if not engine.until(lambda: states() == set(what["state"])):
            return f"the environments are {states()}, not {what['state']}"
    for pattern in what.get("written", []):
        found = re.compile(pattern.replace("{{id}}", request_id), re.MULTILINE)
        if not engine.until(lambda: found.search(engine.written(*place))):
            return f"{pattern!r} is not written:\n{engine.written(*place)[-3000:]}"
    return ""


def check(answer, expect, step, instances, words):
    """`words`: what {{…}} stands for, beside the request's id, and what the call cost."""
    words = {**words, "id": answer.header("x-fc-request-id")}

    def fill(text):
        return re.sub(r"\{\{(\w+)\}\}", lambda found: words[found[1]], text)

    shown = f"\nstatus {answer.status}, body {answer.body[:600]!r}"
    log = answer.log

    def judge(right, what):
        if not right:
            raise Wrong(what + shown + (f"\nlog:\n{log[-3000:]}" if log else ""))

    judge(answer.status == expect.get("status", 200), f"the status is not {expect.get('status', 200)}")
    outcome = expect.get("outcome", "")
    judge(answer.header("x-fc-error-type") == outcome, f"the error type is {answer.header('x-fc-error-type')!r}, not {outcome!r}")
    if expect.get("body") is not None:
        wanted = bytes_of(step["event"]) if expect["body"] == "the event" else None
        if wanted is None:
            wanted = fill(expect["body"]).encode() if isinstance(expect["body"], str) else bytes_of(expect["body"])
        judge(answer.body == wanted, f"the body is not {wanted[:600]!r}")
    if expect.get("json") is not None:
        wanted, said = json.loads(fill(json.dumps(expect["json"]))), parsed(answer.body)
        if isinstance(wanted, dict) and isinstance(said, dict):
            said = {key: value for key, value in said.items() if key in wanted}
        judge(said == wanted, f"the body is not {json.dumps(wanted)}")
    if expect.get("error") is not None:
        document = parsed(answer.body)
        judge(isinstance(document, dict) and ("errorMessage" in document or "ErrorMessage" in document), "the body is not an error document")
        for key, pattern in expect["error"].items():
            text = document.get(key, "")
            text = text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)
            judge(re.search(pattern, text, re.DOTALL), f"{key} {text!r} does not match {pattern!r}")
    for name, pattern in expect.get("headers", {}).items():
        judge(re.fullmatch(pattern, answer.header(name)), f"header {name} is {answer.header(name)!r}, not {pattern!r}")
    for name in expect.get("no_headers", []):
        judge(name.lower() not in answer.headers, f"header {name} is there: {answer.header(name)!r}")
    place = 0
    for pattern in expect.get("log", []):
        found = re.compile(fill(pattern), re.MULTILINE).search(log, place)
        judge(found, f"the log lacks {pattern!r}")
        place = found.end()
    for pattern in expect.get("log_lacks", []):
        judge(not re.search(fill(pattern), log, re.MULTILINE), f"the log has {pattern!r}")
    if "within_s" in expect:
        judge(words["took"] <= expect["within_s"], f"it took {words['took']:.1f} s, more than {expect['within_s']}")
    if "growth_mib" in expect:
        judge(words["grown"] <= expect["growth_mib"], f"the engine grew by {words['grown']:.1f} MiB, more than {expect['growth_mib']}")
    if "same_instance" in expect:
        same = len(instances) > 1 and instances[-1] == instances[-2]
        judge(same == expect["same_instance"], f"the instance is {'the same' if same else 'another'}")


def parsed(body):
    try:
        return json.loads(body)
    except ValueError:
        return None
