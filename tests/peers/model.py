"""A model for tests: speaks OpenAI's chat completions and Anthropic's messages on a loopback port,
and says what its script tells it.

A script is a dict. A key is a text that a prompt must contain, its value the list of what the
model says to it: the first entry answers the prompt, the second what the first one's tool
returned, and so on. So the answer follows from the conversation alone, and an agent that is killed
and goes on in another process gets the next one. An entry is a dict:

    {"say": "text"}                           a text, which ends the turn
    {"call": "bash", "with": {"command": …}}  a call of a tool of the agent's
    {"say": "text", "hold": "name"}           begins to say it, then waits until the test releases
                                              it by that name or the agent hangs up
    {"say": "text", "pause": 0.1}             so many seconds between two words
    {"fail": 500}                             an HTTP error

or a function that makes one of the body of the request.

    python3 model.py SCRIPT.json              serves until it is killed; prints its address
"""

import json
import re
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# What a request costs, so that tests can compare.
USAGE = {"in": 100, "out": 20}
# An agent that has hung up is noticed by writing to it.
PULSE_S = 0.1
# Longer than any test.
HOLD_MAX_S = 300
# What Claude Code adds to what its user wrote.
REMINDER = re.compile(r"<system-reminder>.*?</system-reminder>", re.DOTALL)


class Model:
    """`with Model({...}) as model:` serves at `model.url`."""

    def __init__(self, script):
        self.script = script
        # What was asked, as it came: {"path", "body", "prompt"}; titles and the like left out.
        self.requests = []
        self._changed = threading.Condition()
        self._held = {}
        self._released = set()
        self._dropped = []
        handler = type("Handler", (_Handler,), {"model": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.release(*list(self._held))
        self._server.shutdown()
        self._server.server_close()

    def until_held(self, name, timeout_s=60):
        """Returns when an agent is in the middle of what it was told with `hold`."""
        self._until(lambda: self._held.get(name, 0) > 0, f"nobody waits at {name}", timeout_s)

    def until_dropped(self, name, timeout_s=60):
        """Returns when an agent has hung up in the middle of it."""
        self._until(lambda: name in self._dropped, f"nobody hung up at {name}", timeout_s)

    def release(self, *names):
        with self._changed:
            self._released.update(names)
            self._changed.notify_all()

    def prompts(self):
        """The last word of the user in each request."""
        return [request["prompt"] for request in self.requests]

    def _until(self, done, what, timeout_s):
        with self._changed:
            if not self._changed.wait_for(done, timeout_s):
                raise TimeoutError(f"{what}; asked: {self.prompts()}")

    def _hold(self, name, pulse):
        """Waits for the release; what `pulse` raises tells of an agent that hung up."""
        with self._changed:
            self._held[name] = self._held.get(name, 0) + 1
            self._changed.notify_all()
        end = time.monotonic() + HOLD_MAX_S
        try:
            while time.monotonic() < end:
                with self._changed:
                    if self._changed.wait_for(lambda: name in self._released, PULSE_S):
                        return
                pulse()
        except OSError:
            with self._changed:
                self._dropped.append(name)
                self._changed.notify_all()
            raise
        finally:
            with self._changed:
                self._held[name] -= 1

    def _answer(self, path, body):
        """The entry of the script for this conversation."""
        talk = [_flat(message) for message in body.get("messages", [])]
        if not body.get("tools"):
            # Agents have titles and summaries made without tools.
            return {"say": "a title"}
        users = [text for role, text in talk if role == "user" and text]
        with self._changed:
            prompt = users[-1] if users else ""
            self.requests.append({"path": path, "body": body, "prompt": prompt})
            self._changed.notify_all()
        for at in range(len(talk) - 1, -1, -1):
            role, text = talk[at]
            for key, entries in self.script.items():
                if role == "user" and key in text:
                    turn = sum(1 for later, _ in talk[at:] if later == "assistant")
                    entry = entries[min(turn, len(entries) - 1)]
                    return entry(body) if callable(entry) else entry
        return {"say": "nothing in the script"}


def _flat(message):
    """Role and text of a message of either dialect; what a tool returned is of role `tool`."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return message["role"], content
    texts = [REMINDER.sub("", part.get("text") or "").strip() for part in content]
    text = "\n".join(text for text in texts if text)
    if not text and any(part.get("type") == "tool_result" for part in content):
        return "tool", ""
    return message["role"], text


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self._json(200, {})

    def do_GET(self):
        models = [{"id": "scripted", "object": "model", "type": "model"}]
        self._json(200, {"object": "list", "data": models})

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}")
        path = self.path.split("?")[0]
        if path.endswith("/count_tokens"):
            return self._json(200, {"input_tokens": USAGE["in"]})
        dialects = {"/v1/chat/completions": _OpenAi, "/v1/messages": _Anthropic}
        if path not in dialects:
            return self._json(404, {"error": {"message": f"no {path} here"}})
        entry = self.model._answer(path, body)
        if "fail" in entry:
            return self._json(entry["fail"], {"error": {"type": "api_error", "message": "told so"}})
        dialect = dialects[path]
        try:
            if body.get("stream"):
                self._stream(dialect, entry)
            else:
                self._json(200, dialect.whole(entry))
        except OSError:
            # The agent has hung up.
            self.close_connection = True

    def _json(self, status, value):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _stream(self, dialect, entry):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        words = entry.get("say", "").split(" ")
        pieces = [word + " " for word in words[:-1]] + words[-1:]
        events = dialect.events(entry, pieces)
        for number, (piece, event) in enumerate(events):
            self._event(dialect, event)
            if piece and entry.get("pause"):
                time.sleep(entry["pause"])
            if number == dialect.HOLD_AFTER and "hold" in entry:
                self.model._hold(entry["hold"], self._pulse)
        if dialect is _OpenAi:
            self._write("data: [DONE]\n\n")

    def _event(self, dialect, event):
        name = f"event: {event['type']}\n" if dialect is _Anthropic else ""
        self._write(f"{name}data: {json.dumps(event)}\n\n")

    def _pulse(self):
        # A comment of the stream.
        self._write(": still there\n\n")

    def _write(self, text):
        self.wfile.write(text.encode())
        self.wfile.flush()


def _id(kind):
    # Claude Code takes two messages of one id for one.
    return f"{kind}_{uuid.uuid4().hex}"


class _OpenAi:
    HOLD_AFTER = 1

    @staticmethod
    def events(entry, pieces):
        def chunk(delta, finish=None, **more):
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            return {"id": "chat_1", "object": "chat.completion.chunk", "created": 0,
                    "model": "scripted", "choices": [choice], **more}

        yield False, chunk({"role": "assistant", "content": ""})
        if entry.get("say"):
            for piece in pieces:
                yield True, chunk({"content": piece})
        if "call" in entry:
            function = {"name": entry["call"], "arguments": json.dumps(entry.get("with", {}))}
            call = {"index": 0, "id": _id("call"), "type": "function", "function": function}
            yield False, chunk({"tool_calls": [call]})
        yield False, chunk({}, "tool_calls" if "call" in entry else "stop", usage=_OpenAi.usage())

    @staticmethod
    def usage():
        total = USAGE["in"] + USAGE["out"]
        return {"prompt_tokens": USAGE["in"], "completion_tokens": USAGE["out"],
                "total_tokens": total}

    @staticmethod
    def whole(entry):
        message = {"role": "assistant", "content": entry.get("say", "")}
        return {"id": "chat_1", "object": "chat.completion", "created": 0, "model": "scripted",
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": _OpenAi.usage()}


class _Anthropic:
    HOLD_AFTER = 2

    @staticmethod
    def message(content, stop):
        usage = {"input_tokens": USAGE["in"], "output_tokens": USAGE["out"]}
        return {"id": _id("msg"), "type": "message", "role": "assistant", "model": "scripted",
                "content": content, "stop_reason": stop, "stop_sequence": None, "usage": usage}

    @staticmethod
    def events(entry, pieces):
        yield False, {"type": "message_start", "message": _Anthropic.message([], None)}
        index = 0
        if entry.get("say"):
            block = {"type": "text", "text": ""}
            yield False, {"type": "content_block_start", "index": 0, "content_block": block}
            for piece in pieces:
                delta = {"type": "text_delta", "text": piece}
                yield True, {"type": "content_block_delta", "index": 0, "delta": delta}
            yield False, {"type": "content_block_stop", "index": 0}
            index = 1
        if "call" in entry:
            block = {"type": "tool_use", "id": _id("toolu"),
                     "name": entry["call"], "input": {}}
            yield False, {"type": "content_block_start", "index": index, "content_block": block}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(entry.get("with", {}))}
            yield False, {"type": "content_block_delta", "index": index, "delta": delta}
            yield False, {"type": "content_block_stop", "index": index}
        stop = "tool_use" if "call" in entry else "end_turn"
        yield False, {"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": None},
                      "usage": {"output_tokens": USAGE["out"]}}
        yield False, {"type": "message_stop"}

    @staticmethod
    def whole(entry):
        content = [{"type": "text", "text": entry.get("say", "")}]
        return _Anthropic.message(content, "end_turn")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        script = json.load(file)
    with Model(script) as model:
        print(model.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
