"""Steps that call acpx: examples/acpx, with Claude's adapter as the agent."""

import unittest

from peers import CLAUDE, ROOT
from scene import Scene

FLOW = ROOT / "examples/acpx/flow.yaml"


class Acpx(Scene):
    def start(self, script):
        model = self.serve(script)
        home = self.clawflow(CLAUDE.env(self.home, model.url))
        return model, home, home.start(FLOW, "--arg", "task=write a poem")

    def test_one_session_for_two_steps_and_a_result(self):
        model, home, flow = self.start({
            "Make a plan": [{"say": "First think, then write."}],
            "The plan is accepted": [CLAUDE.shell("echo roses > poem.txt"), {"say": "It is done."}],
        })
        view = home.until_status(flow, "waiting")
        [wait] = [wait for wait in view["waits"] if wait["state"] == "open"]
        self.assertIn("First think, then write.", str(wait))
        self.assertFalse((self.work / "poem.txt").exists())
        home.run("flows", "approve", flow)
        home.until_status(flow, "succeeded")
        self.assertEqual((self.work / "poem.txt").read_text(), "roses\n")
        self.assertEqual(home.run("flows", "show", flow, "--output", "report").strip(),
                         "It is done.")
        told = str(model.requests[-1]["body"]["messages"])
        self.assertIn("First think, then write.", told, "the session was not kept")
        home.until_empty()

    def test_a_cancel_reaches_acpx_and_its_agent(self):
        model, home, flow = self.start({"Make a plan": [{"say": "one two three", "hold": "plan"}]})
        model.until_held("plan")
        for name in ("acpx", "claude-agent-acp", "__queue-owner"):
            self.assertTrue(home.processes(name), f"{name} is not there")
        home.run("flows", "cancel", flow)
        model.until_dropped("plan")
        self.assertEqual(home.show(flow)["status"], "cancelled")
        self.assertEqual(home.processes(), {})

    def test_an_act_before_the_yes_is_refused(self):
        """acpx refuses what nobody can be asked about, and tells so by its exit code."""
        _, home, flow = self.start({
            "Make a plan": [CLAUDE.shell("echo early > poem.txt"), {"say": "I was not allowed."}],
        })
        home.until_status(flow, "failed")
        task = home.json("tasks", "show", home.step(flow, "plan")["taskId"])
        self.assertEqual(task["exit"], {"code": 5}, task)
        self.assertFalse((self.work / "poem.txt").exists())


if __name__ == "__main__":
    unittest.main()
