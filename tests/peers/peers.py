"""The agents of `.ci/peers`, told to ask the model of the test and nobody else."""

import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Nobody listens there: what is not meant for the loopback fails at once.
NOWHERE = "http://127.0.0.1:9"


def programs():
    """The directory of the installed programs; `tests/peers/run` has it in the environment."""
    told = os.environ.get("PEERS_BIN")
    return told or subprocess.run([ROOT / ".ci/peers"], check=True, text=True,
                                  stdout=subprocess.PIPE).stdout.strip()


PROGRAMS = programs()


class Peer:
    """An agent: how it is started, what its tools are called."""

    def __init__(self, name, argv, shell=None, write=None, settings=lambda url: {}):
        self.name = name
        self.argv = [f"{PROGRAMS}/{argv[0]}", *argv[1:]]
        self.shell = shell
        self.write = write
        self.settings = settings

    def env(self, home, url):
        """Nothing of the environment of the tests but the path."""
        return {**base_env(home), **self.settings(url)}


def base_env(home):
    return {"HOME": str(home), "PATH": f"{PROGRAMS}:/usr/local/bin:/usr/bin:/bin",
            "HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE, "NO_PROXY": "127.0.0.1,localhost"}


def _opencode(url, **more):
    model = {"name": "scripted", "limit": {"context": 100_000, "output": 10_000},
             "cost": {"input": 1000, "output": 2000}}
    provider = {"npm": "@ai-sdk/openai-compatible", "name": "loopback",
                "options": {"baseURL": f"{url}/v1", "apiKey": "none"},
                "models": {"scripted": model}}
    config = {"autoupdate": False, "share": "disabled", "enabled_providers": ["loopback"],
              "model": "loopback/scripted", "small_model": "loopback/scripted",
              "permission": {"bash": "ask", "edit": "ask"}, "provider": {"loopback": provider},
              **more}
    quiet = ["AUTOUPDATE", "MODELS_FETCH", "LSP_DOWNLOAD", "DEFAULT_PLUGINS"]
    return {"OPENCODE_CONFIG_CONTENT": json.dumps(config),
            **{f"OPENCODE_DISABLE_{name}": "1" for name in quiet}}


def _claude(url):
    return {"ANTHROPIC_API_KEY": "none", "ANTHROPIC_BASE_URL": url, "IS_SANDBOX": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "CLAUDE_CODE_ENABLE_PROMPT_SUGGESTION": "false"}


def _opencode_shell(command):
    return {"call": "bash", "with": {"command": command, "description": "a command"}}


def _opencode_write(path, text):
    return {"call": "write", "with": {"filePath": str(path), "content": text}}


def _claude_shell(command):
    return {"call": "Bash", "with": {"command": command, "description": "a command"}}


def _claude_write(path, text):
    return {"call": "Write", "with": {"file_path": str(path), "content": text}}


ELIZA = Peer("elizacp", ["elizacp", "--deterministic", "acp"])
OPENCODE = Peer("opencode", ["opencode", "acp"], _opencode_shell, _opencode_write, _opencode)
CLAUDE = Peer("claude", ["claude-agent-acp"], _claude_shell, _claude_write, _claude)


def opencode_settings(url, **more):
    """The environment of OpenCode with more in its configuration, like `mcp`."""
    return _opencode(url, **more)
