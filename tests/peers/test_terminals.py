"""Terminals, for an agent that is made with the official library of the protocol."""

import json
import unittest
from pathlib import Path

from peers import PROGRAMS, base_env
from scene import Scene

AGENT = Path(__file__).with_name("terminal_agent.mjs")


class Terminals(Scene):
    def turn(self, asked, terminals=True):
        """What the agent tells of one command."""
        env = {**base_env(self.home), "PEERS_BIN": PROGRAMS}
        place = self.place / "clawflow"
        if not place.exists():
            place.mkdir()
            command = ["node", str(AGENT)]
            (place / "config.toml").write_text(
                f'[agents.peer]\ncommand = {json.dumps(command)}\nenv = ["PEERS_BIN"]\n')
            self.flows = self.clawflow(env)
        step = {"agent": "peer", "prompt": json.dumps(asked), "terminals": terminals}
        file = self.work / "turn.flow.yaml"
        file.write_text(json.dumps({"steps": [{"id": "work", "acp": step, "output": "said"}]}))
        flow = self.flows.start(file)
        self.flows.until_status(flow, "succeeded")
        said = self.flows.run("flows", "show", flow, "--output", "said")
        told = json.loads(said)
        return json.loads(told) if isinstance(told, str) else told

    def test_a_command_is_run_and_told_of(self):
        words = {"command": "printf", "args": ["%s", "done"], "cwd": str(self.work)}
        told = self.turn({"create": words})
        self.assertIs(told["offered"], True)
        self.assertEqual(told["exit"]["exitCode"], 0)
        self.assertEqual(told["after"]["output"], "done")
        self.assertIs(told["after"]["truncated"], False)
        self.assertEqual(told["after"]["exitStatus"]["exitCode"], 0)
        self.assertIn("no such terminal", told["released"])

        told = self.turn({"create": {"command": "echo begun; sleep 600"}, "kill": True})
        self.assertEqual(told["exit"]["signal"], "SIGTERM")
        self.assertIsNone(told["before"].get("exitStatus"))

        told = self.turn({"create": {"command": "yes | head -c 9000", "outputByteLimit": 10}})
        self.assertEqual((told["after"]["output"], told["after"]["truncated"]), ("y\n" * 5, True))

    def test_what_cannot_be_is_an_error(self):
        told = self.turn({"create": {"command": "pwd", "cwd": "/"}})
        self.assertIn("is not below", json.dumps(told["error"]))
        told = self.turn({"create": {"command": "no-such-program", "args": ["x"]}})
        self.assertIn("no-such-program", json.dumps(told["error"]))
        told = self.turn({"create": {"command": "pwd"}}, terminals=False)
        self.assertIsNot(told["offered"], True)
        self.assertEqual(told["error"]["code"], -32601)


if __name__ == "__main__":
    unittest.main()
