"""Steps with `acp`: turns of the real agents under clawflow."""

import json
import unittest

from peers import CLAUDE, ELIZA, OPENCODE, base_env
from scene import Scene


class Turns(Scene):
    def start(self, peer, prompt, more="", script=None):
        """A flow of one step `work`, whose agent is asked this; the model, clawflow and the flow."""
        model = self.serve(script or {})
        env = {name: value for name, value in peer.env(self.home, model.url).items()
               if name not in base_env(self.home)}
        config = self.place / "clawflow"
        config.mkdir()
        words = json.dumps([f"{name}={value}" for name, value in env.items()])
        (config / "config.toml").write_text(
            f"[agents.peer]\ncommand = {json.dumps(peer.argv)}\nenv = {words}\n")
        home = self.clawflow(base_env(self.home))
        (self.work / "turn.flow.yaml").write_text(
            f"steps:\n  - id: work\n    acp: {{ agent: peer, prompt: {prompt}{more} }}\n")
        return model, home, home.start("turn.flow.yaml")

    def answer(self, home, flow):
        home.until_status(flow, "succeeded")
        return home.step(flow, "work")["result"].get("stdout")

    def asked(self, home, flow):
        """Waits for a question of the agent."""
        def there():
            waits = home.show(flow)["waits"]
            return [wait for wait in waits if wait["kind"] == "permission"
                    and wait["state"] == "open"]
        return home.until("a permission", there)[0]


class Eliza(Turns):
    def test_it_answers_and_is_ended(self):
        _, home, flow = self.start(ELIZA, "hello")
        self.assertEqual(self.answer(home, flow), "How do you do. Please state your problem.")
        # It ignores the end of its input.
        home.until_empty()


class WithModel:
    """`PEER` is which."""

    def test_a_person_lets_it_and_a_rule_does_not(self):
        script = {"do both": [self.PEER.shell("echo made > made.txt"),
                              self.PEER.write(self.work / "never.txt", "x"), {"say": "over"}]}
        more = ', permissions: ["ask execute echo made *", reject]'
        _, home, flow = self.start(self.PEER, "do both", more, script)
        wait = self.asked(home, flow)
        self.assertEqual(wait["preview"].splitlines()[0], "echo made > made.txt")
        self.assertFalse((self.work / "made.txt").exists())
        home.run("flows", "approve", flow, "--by", "ann")
        self.answer(home, flow)
        self.assertEqual((self.work / "made.txt").read_text(), "made\n")
        self.assertFalse((self.work / "never.txt").exists())
        usage = home.step(flow, "work")["result"]["usage"]
        self.assertGreater(usage["tokens"], 0)
        home.until_empty()

    def test_a_turn_survives_its_gateway_and_its_agent(self):
        script = {"interrupted": [{"say": "went on"}],
                  "hold on": [{"say": "one two three", "hold": "middle"}]}
        model, home, flow = self.start(self.PEER, "hold on", "", script)
        model.until_held("middle")
        home.kill_gateway()
        home.start_gateway()
        for pid in home.processes(self.PEER.argv[0].rsplit("/", 1)[-1]):
            home.kill(pid)
        self.assertEqual(self.answer(home, flow), "went on")
        self.assertEqual(home.step(flow, "work")["attempt"], 2)
        home.until_empty()

    def test_a_cancel_reaches_it(self):
        script = {"hold on": [{"say": "one two three", "hold": "middle"}]}
        model, home, flow = self.start(self.PEER, "hold on", "", script)
        model.until_held("middle")
        home.run("flows", "cancel", flow)
        model.until_dropped("middle")
        home.until_status(flow, "cancelled")
        home.until_empty()


class OpenCode(WithModel, Turns):
    PEER = OPENCODE


class Claude(WithModel, Turns):
    PEER = CLAUDE


if __name__ == "__main__":
    unittest.main()
