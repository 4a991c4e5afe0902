"""Agents at work: steps that are turns of real agents, through clawflow."""

import re
import unittest

from clawflow import BIN
from peers import CLAUDE, ELIZA, OPENCODE
from scene import Scene

FLOW = """
name: {name}
steps:
  - id: work
    acp:
      agent: {agent}
      prompt: {prompt}
      permissions: {rules}
    output: said
"""
ASK = "[ask]"

# Goes on in the background until the flow asks, and then tries every way to answer.
ANSWER = """#!/bin/sh
flow=$CLAWFLOW_FLOW_ID
export CLAWFLOW_HOME="$(dirname "$CLAWFLOW_SOCKET")" PATH="$PATH:/usr/bin:/bin"
try() { "$@"; echo "exit $?"; }
(
    until [ "$(CLAWFLOW_BIN flows show "$flow" --field waits.-1.kind)" = permission ]; do
        sleep 0.1
    done
    try CLAWFLOW_BIN flows approve "$flow" --by ann
    try CLAWFLOW_BIN flows answer "$flow" --approve
    try env -i HOME="$HOME" PATH="$PATH" CLAWFLOW_HOME="$CLAWFLOW_HOME" \\
        setsid -w CLAWFLOW_BIN flows approve "$flow" --by ann
    try CLAWFLOW_BIN tasks run --wait -- CLAWFLOW_BIN flows approve "$flow" --by ann
    try CLAWFLOW_BIN flows settle "$flow" --succeeded
    echo end
) >answers 2>&1 </dev/null &
"""


class Agents(Scene):
    PEER = ELIZA
    # `acp-2` offers it version 2.
    PROTOCOL = "acp"

    def begin(self, script):
        """A gateway whose configuration knows the agent."""
        model = self.serve(script)
        env = self.PEER.env(self.home, model.url)
        command = ", ".join(f'"{word}"' for word in self.PEER.argv)
        passed = ", ".join(f'"{name}"' for name in env if name not in ("HOME", "PATH"))
        (self.place / "clawflow").mkdir()
        (self.place / "clawflow/config.toml").write_text(
            f"[agents.peer]\nprotocol = \"{self.PROTOCOL}\"\n"
            f"command = [{command}]\nenv = [{passed}]\n")
        return model, self.clawflow(env)

    def flow(self, flows, prompt, rules=ASK, name="turn"):
        """Starts a flow of one turn."""
        file = self.work / f"{name}.flow.yaml"
        file.write_text(FLOW.format(name=name, agent="peer", prompt=prompt, rules=rules))
        return flows.start(file)

    def question(self, flows, flow):
        """Waits until the agent asks for something, and returns the open wait."""
        def asked():
            return [wait for wait in flows.show(flow)["waits"] if wait["state"] == "open"]
        [wait] = flows.until("a question", asked)
        self.assertEqual(wait["kind"], "permission")
        return wait

    def said(self, flows, flow):
        flows.until_status(flow, "succeeded")
        return flows.run("flows", "show", flow, "--output", "said").strip()


class Eliza(Agents):
    def test_a_turn(self):
        _, flows = self.begin({})
        flow = self.flow(flows, "hello")
        self.assertEqual(self.said(flows, flow), "How do you do. Please state your problem.")
        # It ignores the end of its standard input.
        flows.until_empty()


class ElizaOffered(Eliza):
    """It repeats the number, and speaks version 1."""
    PROTOCOL = "acp-2"


class WithModel:
    """What holds for OpenCode and Claude's adapter."""

    def test_permission_by_policy(self):
        model, flows = self.begin({
            "make it": [self.PEER.shell("touch made.txt"), {"say": "It is made."}],
            "spoil it": [self.PEER.shell("touch spoiled.txt"), {"say": "I may not."}],
        })
        flow = self.flow(flows, "make it", "[allow execute touch *, reject]")
        self.assertEqual(self.said(flows, flow), "It is made.")
        self.assertTrue((self.work / "made.txt").exists())
        task = flows.json("tasks", "show", flows.step(flow, "work")["taskId"])
        self.assertGreaterEqual(task["usage"]["tokens"], 120)
        flow = self.flow(flows, "spoil it", "[reject]", "spoil")
        flows.until_status(flow, "succeeded", "failed")
        self.assertFalse((self.work / "spoiled.txt").exists())
        self.assertEqual(len(model.prompts()), 3 if self.PEER is OPENCODE else 4)

    def test_permission_by_a_person(self):
        _, flows = self.begin({
            "make it": [self.PEER.shell("touch made.txt"), {"say": "It is made."}],
            "spoil it": [self.PEER.shell("touch spoiled.txt"), {"say": "I may not."}],
        })
        flow = self.flow(flows, "make it")
        self.assertIn("touch made.txt", str(self.question(flows, flow)))
        self.assertFalse((self.work / "made.txt").exists())
        flows.run("flows", "approve", flow, "--by", "ann")
        self.assertEqual(self.said(flows, flow), "It is made.")
        self.assertTrue((self.work / "made.txt").exists())
        flow = self.flow(flows, "spoil it", name="spoil")
        self.question(flows, flow)
        flows.run("flows", "deny", flow, "--by", "ann")
        flows.until("the end", lambda: flows.show(flow).get("endedAt"))
        self.assertFalse((self.work / "spoiled.txt").exists())

    def test_a_cancel_in_the_middle(self):
        model, flows = self.begin({"hold on": [{"say": "one two three", "hold": "middle"}]})
        flow = self.flow(flows, "hold on")
        model.until_held("middle")
        self.assertTrue(flows.processes())
        flows.run("flows", "cancel", flow)
        model.until_dropped("middle")
        self.assertEqual(flows.show(flow)["status"], "cancelled")
        self.assertEqual(flows.processes(), {})

    def test_a_gateway_killed_in_the_middle(self):
        model, flows = self.begin({"hold on": [{"say": "one two three", "hold": "middle"}]})
        flow = self.flow(flows, "hold on")
        model.until_held("middle")
        agent = set(flows.processes(" ".join(self.PEER.argv)))
        self.assertTrue(agent)
        flows.kill_gateway()
        flows.start_gateway()
        flows.until_status(flow, "running")
        self.assertEqual(set(flows.processes(" ".join(self.PEER.argv))), agent)
        model.release("middle")
        self.assertEqual(self.said(flows, flow), "one two three")
        self.assertEqual(model.prompts().count("hold on"), 1)

    def kill_in_the_middle(self, model, flows):
        """Kills the agent while it waits for its model, once its session is on disk."""
        model.until_held("middle")
        flows.until("the session to be kept", lambda: self.kept("hold on"))
        for pid in flows.processes():
            flows.kill(pid)
        model.until_dropped("middle")
        model.release("middle")

    def test_an_agent_killed_in_the_middle(self):
        model, flows = self.begin({"hold on": [{"say": "one two three", "hold": "middle"}]})
        flow = self.flow(flows, "hold on")
        self.kill_in_the_middle(model, flows)
        self.assertEqual(self.said(flows, flow), "one two three")
        # It went on with the session that has the prompt, and was told so.
        first, second = model.prompts()
        self.assertEqual(first, "hold on")
        self.assertIn("was interrupted", second)
        said = [message for message in model.requests[1]["body"]["messages"]
                if message["role"] == "user"]
        self.assertGreaterEqual(len(said), 2)

    def test_a_task_whose_agent_is_killed_goes_on(self):
        model, flows = self.begin({"hold on": [{"say": "one two three", "hold": "middle"}]})
        task = flows.run("tasks", "run", "--acp", "peer", "--", "hold on").strip()
        self.kill_in_the_middle(model, flows)
        ended = flows.until("the end", lambda: self.ended(flows, task))
        self.assertEqual((ended["status"], ended["attempt"]), ("succeeded", 2), ended)
        self.assertEqual(ended["answer"].strip(), "one two three")
        first, second = model.prompts()
        self.assertEqual(first, "hold on")
        self.assertIn("was interrupted", second)

    def ended(self, flows, task):
        shown = flows.json("tasks", "show", task)
        return shown if shown.get("endedAt") else None

    def test_an_agent_does_not_answer_its_own_question(self):
        """With all that its environment gives it: a shell, clawflow, the flow's id, the socket."""
        answer = self.place / "answer"
        answer.write_text(ANSWER.replace("CLAWFLOW_BIN", BIN))
        answer.chmod(0o755)
        _, flows = self.begin({"answer it": [
            self.PEER.shell(str(answer)), self.PEER.shell("touch made.txt"), {"say": "Done."}]})
        flow = self.flow(flows, "answer it", f"[allow execute {answer}, ask]")
        self.question(flows, flow)
        tried = self.work / "answers"
        flows.until("its answers", lambda: "end\n" in tried.read_text())
        said = tried.read_text()
        codes = re.findall(r"^exit (\d+)$", said, re.MULTILINE)
        self.assertEqual(codes, ["4", "4", "4", "1", "4"], said)
        self.assertFalse((self.work / "made.txt").exists())
        self.assertNotIn("answer", self.question(flows, flow))
        flows.run("flows", "approve", flow, "--by", "ann")
        self.assertEqual(self.said(flows, flow), "Done.")
        self.assertTrue((self.work / "made.txt").exists())


class OpenCode(WithModel, Agents):
    PEER = OPENCODE

    def kept(self, prompt):
        """It writes the prompt down before it asks its model."""
        return True


class Claude(WithModel, Agents):
    PEER = CLAUDE

    def kept(self, prompt):
        return self.claude_has_kept(prompt)


class ClaudeSecond(Claude):
    """It speaks version 2 where that is offered."""
    PROTOCOL = "acp-2"


if __name__ == "__main__":
    unittest.main()
