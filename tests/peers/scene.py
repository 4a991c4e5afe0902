"""A place for a test: a user with a directory, the model, and whoever talks to it."""

import tempfile
import unittest
from pathlib import Path

from clawflow import Home
from model import Model


class Scene(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="peers-", ignore_cleanup_errors=True)
        self.addCleanup(place.cleanup)
        self.place = Path(place.name)
        self.home = self.place / "home"
        self.work = self.place / "work"
        self.home.mkdir()
        self.work.mkdir()

    def claude_has_kept(self, prompt):
        """Claude writes its session down a moment after it has begun to work."""
        files = (self.home / ".claude/projects").rglob("*.jsonl")
        return any(prompt in file.read_text() for file in files)

    def serve(self, script):
        """A model that says this."""
        model = Model(script)
        self.enterContext(model)
        return model

    def clawflow(self, env):
        """clawflow with a gateway, for a user with this environment."""
        home = self.enterContext(Home(self.place / "clawflow", self.work, env))
        home.start_gateway()
        return home
