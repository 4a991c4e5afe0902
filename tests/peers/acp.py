"""A small client of the Agent Client Protocol, to talk to an agent in its own words."""

import json
import os
import signal
import subprocess
import threading

# Agents take seconds to start, many where others compile beside them.
WAIT_S = 180


class AgentError(Exception):
    """The agent answered with an error; `code` is that of JSON-RPC."""

    def __init__(self, error):
        super().__init__(error)
        self.code = error.get("code")
        self.message = error.get("message")
        self.data = error.get("data")


class AgentGone(Exception):
    """The agent ended before it answered."""


class Agent:
    """`with Agent(argv, cwd, env) as agent:` runs an agent in a group of its own.

    `permit` is asked at each `session/request_permission` with its parameters and returns the kind
    of option to choose, `cancelled`, or None not to answer at all.
    """

    def __init__(self, argv, cwd, env, permit=lambda params: "reject_once"):
        self.permit = permit
        # Every message of the agent, in order.
        self.heard = []
        # The updates among them.
        self.updates = []
        self.asked = []
        self._next = 0
        self._answers = {}
        self._news = threading.Condition()
        self._gone = False
        self.process = subprocess.Popen(
            argv, cwd=cwd, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, start_new_session=True)
        self._stderr = []
        self._threads = [threading.Thread(target=target, daemon=True)
                         for target in (self._listen, self._drain)]
        for thread in self._threads:
            thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def kill(self):
        """kill -9 of the agent and what is in its group."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        for thread in self._threads:
            thread.join(10)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                stream.close()
            except OSError:
                pass

    def stderr(self):
        return "".join(self._stderr)

    def ask(self, method, params, wait_s=WAIT_S):
        """Sends a request and returns the result."""
        return self.answer(self.begin(method, params), wait_s)

    def begin(self, method, params):
        """Sends a request; `answer` waits for what it returns."""
        with self._news:
            self._next += 1
            id = self._next
        self._send({"id": id, "method": method, "params": params})
        return id

    def answer(self, id, wait_s=WAIT_S):
        with self._news:
            if not self._news.wait_for(lambda: id in self._answers or self._gone, wait_s):
                raise TimeoutError(f"no answer to {id}; heard {self.heard[-3:]}; {self.stderr()}")
            if id not in self._answers:
                raise AgentGone(self.stderr())
            answer = self._answers.pop(id)
        if "error" in answer:
            raise AgentError(answer["error"])
        return answer["result"]

    def tell(self, method, params):
        """Sends a notification."""
        self._send({"method": method, "params": params})

    def until(self, what, done, wait_s=WAIT_S):
        """Waits for a condition on what was heard."""
        with self._news:
            if not self._news.wait_for(done, wait_s):
                raise TimeoutError(f"{what}; heard {self.heard[-3:]}; {self.stderr()}")

    def initialize(self):
        capabilities = {"fs": {"readTextFile": False, "writeTextFile": False}, "terminal": False}
        return self.ask("initialize", {"protocolVersion": 1, "clientCapabilities": capabilities})

    def text(self):
        """What the agent has said, of all turns."""
        return "".join(update["content"].get("text", "") for update in self.updates
                       if update["sessionUpdate"] == "agent_message_chunk")

    def _send(self, message):
        try:
            self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
            self.process.stdin.flush()
        except (OSError, ValueError):
            # Whoever waits for an answer learns it.
            pass

    def _listen(self):
        for line in self.process.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                message = {"noise": line}
            with self._news:
                self.heard.append(message)
                self._take(message)
                self._news.notify_all()
        with self._news:
            self._gone = True
            self._news.notify_all()

    def _take(self, message):
        if "method" not in message:
            if "id" in message:
                self._answers[message["id"]] = message
        elif message["method"] == "session/update":
            self.updates.append(message["params"]["update"])
        elif message["method"] == "session/request_permission":
            self.asked.append(message["params"])
            self._permit(message)
        elif "id" in message:
            error = {"code": -32601, "message": "method not found"}
            self._send({"id": message["id"], "error": error})

    def _permit(self, message):
        kind = self.permit(message["params"])
        if kind is None:
            return
        outcome = {"outcome": "cancelled"}
        for option in message["params"]["options"]:
            if option["kind"] == kind:
                outcome = {"outcome": "selected", "optionId": option["optionId"]}
                break
        self._send({"id": message["id"], "result": {"outcome": outcome}})

    def _drain(self):
        for line in self.process.stderr:
            self._stderr.append(line)
