"""What the agents do when nobody stands between them and us: the facts of README.md."""

import time
import unittest

from acp import Agent, AgentError
from peers import CLAUDE, ELIZA, OPENCODE
from scene import Scene


class Talk(Scene):
    def agent(self, peer, url="", **more):
        return self.enterContext(Agent(peer.argv, self.work, peer.env(self.home, url), **more))

    def begin(self, agent, session, text):
        prompt = [{"type": "text", "text": text}]
        return agent.begin("session/prompt", {"sessionId": session, "prompt": prompt})

    def prompt(self, agent, session, text):
        return agent.answer(self.begin(agent, session, text))

    def new(self, agent):
        params = {"cwd": str(self.work), "mcpServers": []}
        return agent.ask("session/new", params)["sessionId"]


class Eliza(Talk):
    def test_speaks_without_a_model_and_keeps_no_session(self):
        agent = self.agent(ELIZA)
        told = agent.initialize()
        self.assertEqual(told["protocolVersion"], 1)
        self.assertIs(told["agentCapabilities"]["loadSession"], False)
        self.assertEqual(told["agentCapabilities"]["sessionCapabilities"], {})
        answer = self.prompt(agent, self.new(agent), "hello")
        self.assertEqual(answer, {"stopReason": "end_turn"})
        self.assertEqual(agent.text(), "How do you do. Please state your problem.")


class WithModel:
    """What OpenCode and Claude's adapter have in common; `PEER` is which."""

    OPTIONS = {}
    USAGE_OF_TWO = 0

    def test_a_conversation(self):
        """Prompt, permission given and refused, cancel: one process, since starting one is slow."""
        model = self.serve({
            "say hello": [{"say": "hello there friend"}],
            "make it": [self.PEER.shell("echo made > made.txt"), {"say": "it is made"}],
            "write it": [self.PEER.write(self.work / "written.txt", "x"), {"say": "written"}],
            "hold on": [{"say": "one two three", "hold": "middle"}],
            "ask long": [self.PEER.shell("echo never > never.txt"), {"say": "never"}],
        })
        agent = self.agent(self.PEER, model.url, permit=lambda _: "allow_once")
        told = agent.initialize()
        self.assertEqual(told["protocolVersion"], 1)
        self.assertIs(told["agentCapabilities"]["loadSession"], True)
        self.assertIn("resume", told["agentCapabilities"]["sessionCapabilities"])
        session = self.new(agent)

        answer = self.prompt(agent, session, "say hello")
        self.assertEqual(answer["stopReason"], "end_turn")
        self.assertEqual(agent.text(), "hello there friend")
        self.assertEqual(answer["usage"]["totalTokens"], 120)

        answer = self.prompt(agent, session, "make it")
        self.assertEqual(answer["stopReason"], "end_turn")
        self.assertEqual((self.work / "made.txt").read_text(), "made\n")
        self.assertEqual(answer["usage"]["totalTokens"], self.USAGE_OF_TWO)
        [asked] = agent.asked
        self.assertEqual(asked["toolCall"]["kind"], "execute")
        self.assertEqual(asked["toolCall"]["title"], "echo made > made.txt")
        self.assertEqual(asked["toolCall"]["rawInput"]["command"], "echo made > made.txt")
        options = {option["optionId"]: option["kind"] for option in asked["options"]}
        self.assertEqual(options, self.OPTIONS)

        agent.permit = lambda _: "reject_once"
        answer = self.prompt(agent, session, "write it")
        self.assertEqual(answer["stopReason"], "end_turn")
        self.assertFalse((self.work / "written.txt").exists())
        asked = agent.asked[-1]["toolCall"]
        self.assertEqual(asked["kind"], "edit")
        self.assertEqual(asked["locations"], [{"path": str(self.work / "written.txt")}])
        failed = [update for update in agent.updates if update.get("status") == "failed"]
        self.assertEqual(failed[-1]["toolCallId"], asked["toolCallId"])
        # Only Claude's model learns of it.
        self.assertEqual(agent.text().endswith("written"), self.PEER is CLAUDE)

        turn = self.begin(agent, session, "hold on")
        model.until_held("middle")
        agent.tell("session/cancel", {"sessionId": session})
        self.assertEqual(agent.answer(turn)["stopReason"], "cancelled")
        model.until_dropped("middle")

        # In a session of its own: a cancel that the agent carries out late may end what follows it,
        # or swallow it.
        session = self.new(agent)
        agent.permit = lambda _: None
        before = len(agent.asked)
        turn = self.begin(agent, session, "ask long")
        agent.until("a permission", lambda: len(agent.asked) > before)
        agent.tell("session/cancel", {"sessionId": session})
        self.assertEqual(agent.answer(turn)["stopReason"], "cancelled")
        self.assertFalse((self.work / "never.txt").exists())

    def test_killed_in_the_middle_and_taken_up(self):
        model = self.serve({
            "remember 42": [{"say": "I will"}],
            "hold on": [{"say": "one two three", "hold": "middle"}],
            "go on": [{"say": "went on"}],
        })
        agent = self.agent(self.PEER, model.url)
        agent.initialize()
        session = self.new(agent)
        self.prompt(agent, session, "remember 42")
        self.begin(agent, session, "hold on")
        model.until_held("middle")
        give_up = time.monotonic() + 60
        while self.PEER is CLAUDE and not self.claude_has_kept("hold on"):
            self.assertLess(time.monotonic(), give_up, "Claude keeps no session")
            time.sleep(0.05)
        agent.kill()
        model.until_dropped("middle")
        place = {"sessionId": session, "cwd": str(self.work), "mcpServers": []}

        loaded = self.agent(self.PEER, model.url)
        loaded.initialize()
        loaded.ask("session/load", place)
        said = [update["content"]["text"] for update in loaded.updates
                if update["sessionUpdate"] == "user_message_chunk"]
        self.assertEqual((said[0], said[-1]), ("remember 42", "hold on"))
        self.assertEqual(model.prompts(), ["remember 42", "hold on"], "a load asks no model")
        loaded.kill()

        resumed = self.agent(self.PEER, model.url)
        resumed.initialize()
        resumed.ask("session/resume", place)
        replayed = [update for update in resumed.updates if "message" in update["sessionUpdate"]]
        self.assertEqual(replayed, [])
        answer = self.prompt(resumed, session, "go on")
        self.assertEqual((answer["stopReason"], resumed.text()), ("end_turn", "went on"))
        told = str(model.requests[-1]["body"]["messages"])
        self.assertIn("remember 42", told)
        self.assertIn("hold on", told)

        with self.assertRaises(AgentError) as refused:
            resumed.ask("session/load", {**place, "sessionId": "ses_unknown"})
        self.assertEqual(refused.exception.code, -32603)


class OpenCode(WithModel, Talk):
    PEER = OPENCODE
    OPTIONS = {"once": "allow_once", "always": "allow_always", "reject": "reject_once"}
    # Of the last request alone.
    USAGE_OF_TWO = 120


class Claude(WithModel, Talk):
    PEER = CLAUDE
    OPTIONS = {"allow-once": "allow_once", "allow-with-updates": "allow_always",
               "reject": "reject_once"}
    USAGE_OF_TWO = 240


if __name__ == "__main__":
    unittest.main()
