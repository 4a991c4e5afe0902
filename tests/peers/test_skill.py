"""skills/clawflow: its form, its commands, its scripts, and that agents find it."""

import os
import re
import shlex
import shutil
import subprocess
import unittest

from acp import Agent
from clawflow import BIN, Home
from peers import CLAUDE, OPENCODE, ROOT
from scene import Scene

SKILL = ROOT / "skills/clawflow"
PAGES = [SKILL / "SKILL.md", *sorted((SKILL / "references").glob("*.md"))]
# https://agentskills.io/specification
KEYS = {"name", "description", "license", "compatibility", "metadata", "allowed-tools"}


def frontmatter():
    """Its keys, each on a line of its own, since not every agent reads more of YAML."""
    _, head, body = (SKILL / "SKILL.md").read_text().split("---\n", 2)
    fields = {}
    for line in head.splitlines():
        found = re.fullmatch(r"([a-z-]+):(?: (.*))?|  [a-z-]+: .*", line)
        assert found, f"not a line of a frontmatter: {line}"
        if found[1]:
            fields[found[1]] = found[2]
    return fields, body


def commands():
    """Every command of clawflow that the pages name, as words."""
    for page in PAGES:
        text = page.read_text().replace("\\\n", " ")
        blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
        lines = [line for block in blocks for line in block.splitlines()]
        lines += re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
        for line in lines:
            if line.startswith("clawflow ") and "…" not in line:
                yield page.name, shlex.split(line, comments=True)[1:]


class Form(unittest.TestCase):
    def test_the_frontmatter_follows_the_format(self):
        fields, body = frontmatter()
        self.assertLessEqual(set(fields), KEYS)
        self.assertEqual(fields["name"], SKILL.name)
        self.assertRegex(fields["name"], r"^[a-z0-9]+(-[a-z0-9]+)*$")
        self.assertLessEqual(len(fields["name"]), 64)
        self.assertTrue(0 < len(fields["description"]) <= 1024)
        # A colon and a space would make it a mapping.
        self.assertNotIn(": ", fields["description"])
        self.assertTrue(0 < len(fields["compatibility"]) <= 500)
        self.assertLess(len(body.splitlines()), 500)
        # About 5000 tokens.
        self.assertLess(len(body), 20_000)

    def test_what_it_refers_to_is_there(self):
        _, body = frontmatter()
        named = set(re.findall(r"(?:references|scripts|assets)/[a-z./-]+[a-z]", body))
        self.assertTrue(named)
        for name in named:
            self.assertTrue((SKILL / name).is_file(), name)
        patterns = re.findall(r"^\| .* \| `([a-z-]+)` \|", body, re.MULTILINE)
        flows = {path.name.removesuffix(".flow.yaml") for path in (SKILL / "assets").iterdir()}
        self.assertEqual(set(patterns), flows)
        for script in (SKILL / "scripts").iterdir():
            self.assertTrue(os.access(script, os.X_OK), script)

    def test_every_command_is_one(self):
        """With the options it is shown with."""
        seen = 0
        for page, words in commands():
            names = []
            for word in words:
                if not re.fullmatch("[a-z-]+", word) or word.startswith("-") or len(names) == 2:
                    break
                names.append(word)
            helped = subprocess.run([BIN, *names, "--help"], capture_output=True, text=True,
                                    check=False)
            if helped.returncode != 0:
                # The second word was not a command but an argument, as in `tasks run make`.
                helped = subprocess.run([BIN, names[0], "--help"], capture_output=True, text=True,
                                        check=False)
            self.assertEqual(helped.returncode, 0, f"{page}: {words}")
            own = words[:words.index("--")] if "--" in words else words
            for option in (word for word in own if word.startswith("--")):
                self.assertRegex(helped.stdout, rf"{option}\b", f"{page}: {words}")
            seen += 1
        self.assertGreater(seen, 20)

    def test_the_sample_of_the_reference_is_good(self):
        text = (SKILL / "references/flow-file.md").read_text()
        sample = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)[1]
        linted = subprocess.run([BIN, "flows", "lint", "-"], input=sample, capture_output=True,
                                text=True, check=False)
        self.assertEqual((linted.returncode, linted.stderr), (0, "the file is good\n"))


class Scripts(Scene):
    """Each pattern from start to end, with programs of a line in the place of agents."""

    def setUp(self):
        super().setUp()
        tools = self.place / "bin"
        tools.mkdir()
        (tools / "clawflow").symlink_to(BIN)
        env = {"HOME": str(self.home), "PATH": f"{tools}:/usr/local/bin:/usr/bin:/bin"}
        self.flows = self.enterContext(Home(self.place / "clawflow", self.work, env))
        self.addCleanup(self.flows.stop_gateway)
        (self.home / ".gitconfig").write_text("[user]\nname = Ann\nemail = ann@example.org\n"
                                              "[init]\ndefaultBranch = main\n")

    def script(self, name, *words, expect=0):
        env = {name: value for name, value in self.flows.env.items()
               if name != "CLAWFLOW_RUN_PASS_ENV"}
        ran = subprocess.run([SKILL / "scripts" / name, *words], cwd=self.work, env=env, text=True,
                             capture_output=True, stdin=subprocess.DEVNULL, timeout=120,
                             check=False)
        self.assertEqual(ran.returncode, expect, f"{ran.stdout}\n{ran.stderr}")
        return ran.stdout

    def begin(self, *words):
        return self.script("start", *words).splitlines()[0]

    def git(self, *words):
        ran = subprocess.run(["git", *words], cwd=self.work / "repo", env=self.flows.env, text=True,
                             capture_output=True, check=True)
        return ran.stdout

    def test_check(self):
        self.assertIn("no gateway runs", self.script("check"))
        self.flows.start_gateway()
        self.assertIn("0 running", self.script("check"))

    def test_ask(self):
        for verb, approved in (("approve", True), ("deny", False)):
            flow = self.begin("ask", "--arg", "question=May I?", "--arg", "preview=this")
            shown = self.script("wait", flow, "30s", expect=7)
            self.assertIn("asks: May I?", shown)
            self.assertIn(f"clawflow flows {verb} {flow}", shown)
            self.flows.run("flows", verb, flow, "--by", "ann")
            self.assertIn("has succeeded", self.script("wait", flow))
            decision = self.flows.json("flows", "show", flow)["outputs"]["decision"]
            self.assertEqual(decision, {"approved": approved, "by": "ann"})

    def test_wait_tells_how_a_flow_ended(self):
        slow = self.work / "slow.flow.yaml"
        slow.write_text("steps: [{ id: work, run: 'until [ -e go ]; do sleep 0.1; done; false' }]\n")
        flow = self.begin("./slow.flow.yaml")
        self.assertIn("work", self.script("wait", flow, "1s", expect=6))
        (self.work / "go").touch()
        self.assertIn("failed", self.script("wait", flow, "30s", expect=1))
        self.script("wait", "flow_nobody", expect=3)
        self.script("wait", expect=2)
        self.script("wait", flow, "soon", expect=2)
        self.script("start", expect=2)
        self.script("start", "no-such-pattern", expect=2)

    def test_fan_out(self):
        agent = "read -r line; case $line in Answer*) tail -1;; *) cat;; esac"
        flow = self.begin("fan-out", "--args-json",
                          f'{{"questions": ["one?", "two?"], "agent": "{agent}"}}')
        self.script("wait", flow, "60s")
        report = self.flows.run("flows", "show", flow, "--output", "report")
        self.assertIn('"question":"two?"', report)
        self.assertIn('"answer":"one?"', report)

    def repo(self):
        (self.work / "repo").mkdir()
        self.git("init", "-q")
        (self.work / "repo/list.txt").write_text("one\n")
        self.git("add", "-A")
        self.git("commit", "-qm", "begin")

    def implement(self):
        flow = self.begin(
            "implement-and-review", "--arg", "task=add two", "--arg", "repo=repo",
            "--arg", "implementer=cat > prompt; echo two >> list.txt; rm prompt",
            "--arg", "reviewer=echo APPROVE; grep -c '^+two'")
        shown = self.script("wait", flow, "60s", expect=7)
        self.assertIn("Merge the change?", shown)
        self.assertEqual(self.flows.json("flows", "show", flow)["outputs"]["review"],
                         "APPROVE\n1\n")
        self.assertEqual((self.work / "repo/list.txt").read_text(), "one\n")
        return flow

    def test_implement_and_review(self):
        self.repo()
        flow = self.implement()
        self.flows.run("flows", "approve", flow)
        self.script("wait", flow, "60s")
        self.assertEqual((self.work / "repo/list.txt").read_text(), "one\ntwo\n")
        self.assertEqual(self.git("status", "--short"), "")
        self.assertEqual(len(self.git("worktree", "list").splitlines()), 1)

    def test_a_change_that_is_turned_down_or_conflicts_is_not_merged(self):
        self.repo()
        flow = self.implement()
        self.flows.run("flows", "deny", flow)
        self.script("wait", flow, "60s", expect=1)
        flow = self.implement()
        (self.work / "repo/list.txt").write_text("three\n")
        self.git("commit", "-qam", "meanwhile")
        self.flows.run("flows", "approve", flow)
        self.script("wait", flow, "60s", expect=1)
        self.assertEqual((self.work / "repo/list.txt").read_text(), "three\n")
        self.assertEqual(self.git("status", "--short"), "")
        self.assertEqual(len(self.git("worktree", "list").splitlines()), 1)
        self.assertEqual(self.git("branch", "--list").count("clawflow/"), 2)

    def test_inbox_triage(self):
        words = ["inbox-triage", "--arg", "fetch=echo '[{\"from\": \"ann\"}, {\"from\": \"bob\"}]'",
                 "--arg", "agent=cat", "--arg", "send=cat > sent"]
        flow = self.begin(*words)
        self.assertIn("Send the digest?", self.script("wait", flow, "60s", expect=7))
        self.assertEqual(self.begin(*words), flow, "it is the one that lives")
        self.assertFalse((self.work / "sent").exists())
        self.flows.run("flows", "approve", flow)
        self.script("wait", flow, "60s")
        self.assertIn("bob", (self.work / "sent").read_text())


class Found(Scene):
    """Agents tell their model of the skill when it lies where docs/agents.md says."""

    def prompt(self, peer, env, text):
        with Agent(peer.argv, self.work, env, permit=lambda _: "allow_once") as agent:
            agent.initialize()
            session = agent.ask("session/new", {"cwd": str(self.work), "mcpServers": []})
            prompt = [{"type": "text", "text": text}]
            agent.ask("session/prompt", {"sessionId": session["sessionId"], "prompt": prompt})

    def told(self, peer, place):
        shutil.copytree(SKILL, self.home / place / "clawflow")
        model = self.serve({"hello": [{"say": "hello"}]})
        self.prompt(peer, peer.env(self.home, model.url), "hello")
        return str(model.requests[0]["body"])

    def test_by_opencode(self):
        self.assertIn("durable flows", self.told(OPENCODE, ".agents/skills"))

    def test_by_claude_code(self):
        self.assertIn("durable flows", self.told(CLAUDE, ".claude/skills"))

    def test_a_flow_outlives_the_agent_that_started_it(self):
        script = SKILL / "scripts/start"
        model = self.serve({"Ask ann": [
            CLAUDE.shell(f"{script} ask --arg question='May I?' --key asked"), {"say": "Asked."}]})
        tools = self.place / "bin"
        tools.mkdir()
        (tools / "clawflow").symlink_to(BIN)
        env = CLAUDE.env(self.home, model.url)
        env["PATH"] = f"{tools}:{env['PATH']}"
        flows = self.enterContext(Home(self.place / "clawflow", self.work, env))
        self.addCleanup(flows.stop_gateway)
        self.prompt(CLAUDE, {**env, "CLAWFLOW_HOME": flows.env["CLAWFLOW_HOME"]}, "Ask ann")
        # The agent was killed with all of its group.
        flows.until_status("asked", "waiting")
        flows.run("flows", "approve", "asked", "--by", "ann")
        view = flows.until_status("asked", "succeeded")
        self.assertEqual(view["outputs"]["decision"], {"approved": True, "by": "ann"})


if __name__ == "__main__":
    unittest.main()
