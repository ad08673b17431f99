"""The columns of the table: what functions of a runtime ask for, and how a cell's sources become a package.

Java and C# are compiled by the languages' own compilers, and kept by the content of their sources in the build tree. Of C# each file is
an assembly of its name, in the order of the cell, which refers to those before it.
"""
import dataclasses
import hashlib
import io
import os
import pathlib
import subprocess
import tempfile
import zipfile

JAVAC = "/usr/lib/jvm/java-17-openjdk-amd64/bin/javac"
HERE = pathlib.Path(__file__).resolve().parent


@dataclasses.dataclass(frozen=True)
class Runtime:
    identifier: str  # what functions of this column ask for
    file: str        # where a cell's source goes
    handler: str = "{module}.{function}"  # how index.handler, index.initialize … of the table are said
    settings: dict = dataclasses.field(default_factory=dict)  # of every function
    is_capital: bool = False    # the table's index is Index
    files: dict = dataclasses.field(default_factory=dict)     # beside each cell's
    head: str = ""              # goes before a cell's source
    compiler: str = ""

    def say(self, name):
        """index.handler in the words of this runtime; what is no such name stays as it is."""
        module, dot, function = name.rpartition(".")
        if not dot:
            return name
        folder, slash, module = module.rpartition("/")
        if self.is_capital:
            module = module[0].upper() + module[1:]
        words = {"module": folder + slash + module, "function": function, "Function": function[0].upper() + function[1:],
                 "method": "handleRequest" if function == "handler" else function}
        return self.handler.format(**words)


RUNTIMES = {
    "python3": Runtime("python3.10", "index.py"),
    "nodejs": Runtime("nodejs20", "index.js", settings={"memorySize": 256}),
    "php": Runtime("php7.2", "index.php"),
    "java": Runtime("java11", "Index.java", "{module}::{method}", {"memorySize": 256}, is_capital=True, compiler="java"),
    "csharp": Runtime("dotnetcore3.1", "Index.cs", "{module}::{module}::{Function}", is_capital=True, compiler="csharp"),
    "custom": Runtime("custom.debian12", "bootstrap", files={"server.py": (HERE / "custom/server.py").read_text()},
                      head="#!/usr/bin/python3 -u\n"),
}


class Packages:
    """Makes packages of cells' files. `build` is where compiled ones are kept, `shims` has what they are compiled against."""

    def __init__(self, build, shims):
        self._build, self._shims = build, shims
        build.mkdir(exist_ok=True)

    def zip_of(self, runtime, files, left_out):
        if runtime.compiler:
            files = self._compiled(runtime.compiler, files)
        return self.zip_of_layer({path: content for path, content in files.items() if path not in left_out})

    @staticmethod
    def zip_of_layer(files):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
            for path, content in files.items():
                entry = zipfile.ZipInfo(path)
                entry.external_attr = (0o100755 if content[:2] in ("#!", b"#!") else 0o100644) << 16
                package.writestr(entry, content)
        return packed.getvalue()

    def _compiled(self, compiler, files):
        suffix = {"java": ".java", "csharp": ".cs"}[compiler]
        sources = {path: text for path, text in files.items() if path.endswith(suffix)}
        if not sources:
            return files
        kept = self._build / (hashlib.sha256(repr([compiler, *sources.items()]).encode()).hexdigest() + ".zip")
        if not kept.exists():
            with tempfile.TemporaryDirectory(dir=self._build) as work:
                self._compile(compiler, sources, pathlib.Path(work), kept)
        with zipfile.ZipFile(kept) as made:
            results = {name: made.read(name) for name in made.namelist()}
        return {**{path: text for path, text in files.items() if path not in sources}, **results}

    def _compile(self, compiler, sources, work, kept):
        (work / "in").mkdir()
        (work / "out").mkdir()
        for path, text in sources.items():
            (work / "in" / path).parent.mkdir(parents=True, exist_ok=True)
            (work / "in" / path).write_text(text)
        (self._java if compiler == "java" else self._csharp)(work, sources)
        whole = work / "whole.zip"
        with zipfile.ZipFile(whole, "w") as made:
            for file in sorted((work / "out").rglob("*")):
                if file.is_file():
                    made.write(file, str(file.relative_to(work / "out")))
        os.replace(whole, kept)

    def _java(self, work, sources):
        jars = ":".join(str(self._shims / "java" / name) for name in ("fc-java-core.jar", "servlet-api.jar"))
        run([JAVAC, "-encoding", "UTF-8", "-cp", jars, "-d", work / "out", *(work / "in" / path for path in sources)])

    def _csharp(self, work, sources):
        references = [self._shims / "csharp/Aliyun.Serverless.Core.dll",
                      self._shims / "csharp/Microsoft.Extensions.Logging.Abstractions.dll", "System.Core.dll"]
        for path in sources:
            made = work / "out" / pathlib.Path(path).with_suffix(".dll").name
            run(["mcs", "-nologo", "-target:library", "-codepage:utf8", f"-out:{made}", *(f"-r:{one}" for one in references),
                 work / "in" / path])
            references.append(made)


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{command[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
