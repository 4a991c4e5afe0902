"""Agents as users: OpenCode and Claude Code with clawflow's MCP server."""

import unittest

from acp import Agent
from clawflow import BIN
from peers import CLAUDE, OPENCODE, base_env, opencode_settings
from scene import Scene

GATED = """
steps:
  - { id: draft, argv: [echo, a draft] }
  - { id: agree, approval: { prompt: Send it?, preview: $draft.stdout, approvers: [ann] } }
  - { id: send, argv: [echo, sent], output: sent }
"""


class Mcp(Scene):
    def setUp(self):
        super().setUp()
        self.flows = self.clawflow(base_env(self.home))
        self.server = [BIN, "mcp", "--session", "agent:main:peer"]
        self.server_env = {"CLAWFLOW_HOME": self.flows.env["CLAWFLOW_HOME"]}

    def talk(self, peer, env, servers, permit=lambda _: "allow_once"):
        agent = self.enterContext(Agent(peer.argv, self.work, env, permit=permit))
        agent.initialize()
        params = {"cwd": str(self.work), "mcpServers": servers}
        session = agent.ask("session/new", params)["sessionId"]

        def prompt(text):
            content = [{"type": "text", "text": text}]
            answer = agent.ask("session/prompt", {"sessionId": session, "prompt": content})
            self.assertEqual(answer["stopReason"], "end_turn")
        return prompt

    def returned(self, model, at=-1):
        """What a tool has returned to the model."""
        return str(model.requests[at]["body"]["messages"][-1]["content"])

    def test_opencode_creates_waits_for_and_finishes_a_flow(self):
        flow = {"flow": "by-an-agent"}
        model = self.serve({"Look after it": [
            {"call": "clawflow_flow_create", "with": {"goal": "a count", "key": "by-an-agent"}},
            {"call": "clawflow_task_run",
             "with": {**flow, "argv": ["sh", "-c", "sleep 1; echo 42"], "await": True}},
            {"call": "clawflow_flow_wait", "with": {**flow, "timeoutMs": 20000}},
            {"call": "clawflow_flow_set_output", "with": {**flow, "name": "count", "value": 42}},
            {"call": "clawflow_flow_finish", "with": flow},
            {"say": "It is finished."},
        ]})
        config = {"clawflow": {"type": "local", "command": self.server,
                               "environment": self.server_env}}
        env = {**OPENCODE.env(self.home, model.url), **opencode_settings(model.url, mcp=config)}
        self.talk(OPENCODE, env, [])("Look after it")
        view = self.flows.show("by-an-agent")
        self.assertEqual((view["status"], view["outputs"]), ("succeeded", {"count": 42}))
        self.assertEqual(view["ownerKey"], "agent:main:peer")
        [task] = view["tasks"]
        self.assertEqual(task["status"], "succeeded")
        self.assertEqual(len(model.requests), 6)

    def test_claude_runs_a_flow_and_leaves_its_question_to_a_person(self):
        flow = {"flow": "gated"}
        model = self.serve({
            "Start it": [
                {"call": "mcp__clawflow__flow_run", "with": {"source": GATED, "key": "gated"}},
                {"call": "mcp__clawflow__flow_wait", "with": flow},
                {"call": "mcp__clawflow__flow_answer", "with": {**flow, "approve": True}},
                {"say": "Somebody has to agree."},
            ],
            "Go on": [
                {"call": "mcp__clawflow__flow_wait", "with": flow},
                {"call": "mcp__clawflow__flow_show", "with": {**flow, "output": "sent"}},
                {"say": "It is sent."},
            ],
        })
        servers = [{"name": "clawflow", "command": self.server[0], "args": self.server[1:],
                    "env": [{"name": name, "value": value}
                            for name, value in self.server_env.items()]}]
        prompt = self.talk(CLAUDE, CLAUDE.env(self.home, model.url), servers)
        prompt("Start it")
        self.assertIn("Send it?", self.returned(model, 2))
        self.assertIn("only ann may answer this", self.returned(model, 3))
        self.assertEqual(self.flows.show("gated")["status"], "waiting")
        self.flows.run("flows", "approve", "gated", "--by", "ann")
        prompt("Go on")
        self.assertIn("succeeded", self.returned(model, -2))
        self.assertIn("sent", self.returned(model))
        self.assertEqual(self.flows.show("gated")["status"], "succeeded")


if __name__ == "__main__":
    unittest.main()
