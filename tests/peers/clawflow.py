"""The program that is tested, in a home of its own."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

BIN = os.environ.get("CLAWFLOW_BIN", "")
# Agents take seconds to start, many where others compile beside them.
WAIT_S = 90


class Home:
    """A home, and what is said to it. `env` is what the user's shell has."""

    def __init__(self, path, work, env):
        self.work = Path(work)
        self.env = {**env, "CLAWFLOW_HOME": str(path), "CLAWFLOW_RUN_PASS_ENV": ",".join(
            name for name in env if name not in ("HOME", "PATH"))}
        self._gateway = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill_gateway()
        for pid in self.processes():
            self.kill(pid)

    def run(self, *words, expect=0, env=None):
        """Runs a command and returns its standard output."""
        ran = subprocess.run([BIN, *map(str, words)], cwd=self.work, env={**self.env, **(env or {})},
                             stdin=subprocess.DEVNULL, capture_output=True, text=True,
                             timeout=WAIT_S, check=False)
        if ran.returncode != expect:
            raise AssertionError(f"{words} is exit {ran.returncode}, not {expect}:\n"
                                 f"{ran.stdout}\n{ran.stderr}")
        return ran.stdout

    def json(self, *words, **more):
        return json.loads(self.run(*words, "--json", **more))

    def start(self, *words):
        """Starts a flow under the gateway and returns its id."""
        return self.json("run", *words, "--detach")["flowId"]

    def show(self, flow):
        return self.json("flows", "show", flow)

    def step(self, flow, name):
        return next(step for step in self.show(flow)["steps"] if step["stepId"] == name)

    def until(self, what, done):
        """Waits for a condition; an error of the flow is told at once by what `done` raises."""
        end = time.monotonic() + WAIT_S
        while not (value := done()):
            if time.monotonic() > end:
                raise TimeoutError(f"waited in vain for {what}; {self._all()}")
            time.sleep(0.05)
        return value

    def until_status(self, flow, *statuses):
        """Waits for a status of the flow; another end is an error."""
        def there():
            view = self.show(flow)
            if view["status"] not in statuses and view.get("endedAt"):
                raise AssertionError(f"{flow} is {view['status']}, not {statuses}: {self._all()}")
            return view["status"] in statuses and view
        return self.until(f"{flow} to be {statuses}", there)

    def start_gateway(self):
        with open(self.work / "gateway.log", "ab") as log:
            self._gateway = subprocess.Popen(
                [BIN, "gateway", "run"], cwd=self.work, env=self.env, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)
        status = [BIN, "gateway", "status"]
        self.until("the gateway", lambda: subprocess.run(
            status, cwd=self.work, env=self.env, capture_output=True, check=False).returncode == 0)

    def kill_gateway(self):
        """kill -9"""
        if self._gateway:
            self._gateway.kill()
            self._gateway.wait()
            self._gateway = None

    def stop_gateway(self):
        """Stops one that somebody else has started, if there is one."""
        subprocess.run([BIN, "gateway", "stop"], cwd=self.work, env=self.env, capture_output=True,
                       check=False)

    def kill(self, pid):
        """kill -9"""
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def processes(self, word=""):
        """Who runs with this user's home, clawflow itself aside; all whose command has the word."""
        found = {}
        mark = f"\0HOME={self.env['HOME']}\0".encode()
        for proc in Path("/proc").glob("[0-9]*"):
            try:
                env = b"\0" + (proc / "environ").read_bytes()
                line = (proc / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                # It has ended meanwhile.
                continue
            if mark in env and line and BIN not in line and word in line:
                found[int(proc.name)] = line
        return found

    def until_empty(self):
        """Waits until nothing of the agents is left."""
        self.until("the processes to go", lambda: not self.processes())

    def _all(self):
        return self.run("flows", "events") + str(self.processes())
