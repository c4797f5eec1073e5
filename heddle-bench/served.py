"""What the programs that measure by turns share, ./heddle serve above all: servers pinned to processor 0, loads to processor 1, times from /proc."""
import json
import os
import pathlib
import statistics
import subprocess
import tempfile

HOME = pathlib.Path(__file__).resolve().parent.parent
TICK = os.sysconf("SC_CLK_TCK")


def build():
    subprocess.run([HOME / "heddle", "--version"], check=True, stdout=subprocess.DEVNULL)


def pinned(processor, *command):
    return ["taskset", "-c", str(processor), *map(str, command)]


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK  # utime, stime; proc_pid_stat(5)


class Serve:
    """A server with an empty folder, and no admin page unless its arguments name one."""

    def __init__(self, folder, arguments=(), environment=None):
        page = () if any(str(one).startswith("--admin-listen") for one in arguments) else ("--admin-listen", "off")
        command = pinned(0, HOME / "heddle", "serve", "--listen", "127.0.0.1:0", "--data", folder / "data", *page, *arguments)
        self.log = tempfile.TemporaryFile("w+")  # a pipe that nobody reads would hold the server up
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True,
                                        env={**os.environ, **(environment or {})})
        self.said = self.process.stdout.readline()
        if not self.said.startswith("listening on "):
            self.process.wait(60)
            raise SystemExit(f"./heddle serve did not start: {self.logged()}")
        self.address = self.said.split()[2].rstrip(",")

    def cpu_seconds(self):
        return cpu_seconds(self.process.pid)

    def logged(self):
        self.log.seek(0)
        return self.log.read()

    def stop(self):
        """Ends it; its counters, by their labels."""
        self.process.terminate()
        self.process.wait(60)
        counters = {}
        for line in self.logged().splitlines():
            label, colon, value = line.removeprefix("heddle serve: ").rpartition(": ")
            if line.startswith("heddle serve: ") and colon and value.split()[0].isdigit():
                counters[label] = int(value.split()[0])
        return counters


def submit(address, *arguments, environment=None):
    """What ./heddle submit says as JSON. It ends the program if a message was not acknowledged."""
    command = pinned(1, HOME / "heddle", "submit", "--json", "--to", address, *arguments)
    ran = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(environment or {})})
    if ran.returncode != 0:
        raise SystemExit(f"./heddle submit: {ran.stderr}")
    said = json.loads(ran.stdout)
    assert said["acknowledged"] == said["sent"], said
    return said


def certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "key.pem", "-out",
                    folder / "chain.pem", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)


def figure(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def spread(values):
    return f"{figure(statistics.median(values))} ({figure(min(values))} to {figure(max(values))})"
