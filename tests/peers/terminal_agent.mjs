// An agent made with the official library, which checks every answer that it gets. Its prompt is a
// line of JSON for `createTerminal`; it waits for the command, asks for its output twice, and tells
// all of it as JSON. The library is the one that Claude's adapter brings along.

import { existsSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { Readable, Writable } from "node:stream";
import { pathToFileURL } from "node:url";

const adapter = createRequire(realpathSync(`${process.env.PEERS_BIN}/claude-agent-acp`));
const path = adapter.resolve.paths("x").map((dir) => `${dir}/@agentclientprotocol/sdk`);
const found = path.find((dir) => existsSync(dir));
const acp = await import(pathToFileURL(`${found}/dist/v1/stable/acp.js`));

let offered;

async function turn({ params, client }) {
  const { sessionId, prompt } = params;
  const asked = JSON.parse(prompt[0].text);
  const told = { offered };
  try {
    const terminal = await client.createTerminal({ sessionId, ...asked.create });
    told.before = await terminal.currentOutput();
    if (asked.kill) await terminal.kill();
    told.exit = await terminal.waitForExit();
    told.after = await terminal.currentOutput();
    await terminal.release();
    told.released = await terminal.currentOutput().catch((error) => error.message);
  } catch (error) {
    told.error = { code: error.code, message: error.message, data: error.data };
  }
  const content = { type: "text", text: JSON.stringify(told) };
  const update = { sessionUpdate: "agent_message_chunk", content };
  await client.notify(acp.methods.client.session.update, { sessionId, update });
  return { stopReason: "end_turn" };
}

const { initialize, session } = acp.methods.agent;
acp.agent({ name: "terminals" })
  .onRequest(initialize, ({ params }) => {
    offered = params.clientCapabilities?.terminal;
    return { protocolVersion: 1, agentCapabilities: {} };
  })
  .onRequest(session.new, () => ({ sessionId: "one" }))
  .onRequest(session.prompt, turn)
  .connect(acp.ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin)));
process.stdin.on("close", () => process.exit(0));
