"""examples/implement-and-review: two agents, a question, a merge, over a real git repository."""

import json
import re
import subprocess
import unittest

from peers import CLAUDE, OPENCODE, ROOT
from scene import Scene

FLOW = ROOT / "examples/implement-and-review/flow.yaml"


def write(text):
    """Writes `list.txt` in the directory in which Claude Code says that it is."""
    def entry(body):
        tree = re.search(r"Primary working directory: ([\w/.-]+)", str(body))[1]
        return CLAUDE.write(f"{tree}/list.txt", text)
    return entry


def read(body):
    """Before Claude Code writes a file that is there, it must have read it."""
    call = write("")(body)
    return {"call": "Read", "with": {"file_path": call["with"]["file_path"]}}


class ImplementAndReview(Scene):
    def setUp(self):
        super().setUp()
        (self.home / ".gitconfig").write_text("[user]\nname = Ann\nemail = ann@example.org\n")
        self.repo = self.work / "repo"
        self.repo.mkdir()
        self.git("init", "-q")
        (self.repo / "list.txt").write_text("one\n")
        self.git("add", "-A")
        self.git("commit", "-qm", "begin")

    def git(self, *words):
        env = {"HOME": str(self.home), "PATH": "/usr/local/bin:/usr/bin:/bin"}
        ran = subprocess.run(["git", *words], cwd=self.repo, env=env, text=True,
                             capture_output=True, check=True)
        return ran.stdout

    def agents(self, script):
        """A gateway that knows both agents by their usual names."""
        model = self.serve(script)
        sections = []
        for peer in (CLAUDE, OPENCODE):
            names = [name for name in peer.env(self.home, model.url) if name not in ("HOME", "PATH")]
            sections.append(f"[agents.{peer.name}]\ncommand = {json.dumps(peer.argv)}\n"
                            f"env = {json.dumps(names)}\n")
        (self.place / "clawflow").mkdir()
        (self.place / "clawflow/config.toml").write_text("\n".join(sections))
        env = {**CLAUDE.env(self.home, model.url), **OPENCODE.env(self.home, model.url)}
        return model, self.clawflow(env)

    def test_a_change_is_amended_agreed_to_and_merged(self):
        verdict = {"verdict": "reject", "reasons": "English, please"}
        model, flows = self.agents({
            "Do this in the current directory": [
                read, write("one\nzwei\n"), {"say": "I have added it."}],
            "Review this change": [{"say": json.dumps(verdict)}],
            "turned the change down": [read, write("one\ntwo\n"), {"say": "In English now."}],
        })
        flow = flows.start(FLOW, "--arg", f"repo={self.repo}", "--arg", "task=count further")
        view = flows.until_status(flow, "waiting")
        [wait] = [wait for wait in view["waits"] if wait["state"] == "open"]
        self.assertEqual((wait["stepId"], wait["kind"]), ("decide", "approval"), view)
        self.assertIn("+two", str(wait))
        self.assertEqual((self.repo / "list.txt").read_text(), "one\n")
        # The amendment was made in the session of the first change, which knows the task.
        asked = next(request for request in model.requests if "turned" in request["prompt"])
        self.assertIn("count further", str(asked["body"]["messages"]))
        self.assertIn("English, please", asked["prompt"])

        flows.run("flows", "approve", flow, "--by", "ann")
        flows.until_status(flow, "succeeded")
        self.assertEqual((self.repo / "list.txt").read_text(), "one\ntwo\n")
        self.assertEqual(self.git("log", "--format=%s").splitlines()[1:], ["count further", "begin"])
        self.assertEqual(self.git("status", "--short"), "")
        self.assertEqual(len(self.git("worktree", "list").splitlines()), 1)
        flows.until_empty()


if __name__ == "__main__":
    unittest.main()
