// The program: `npm start -- [KEY]`. Ends with 0 when the flow has succeeded.

import { fileURLToPath } from "node:url";
import { connect } from "@clawflow/sdk";
import { drive } from "./controller.js";

const directory = fileURLToPath(new URL("../../", import.meta.url));
const key = process.argv[2] ?? `inbox-triage-${new Date().toISOString().slice(0, 10)}`;
const sessionKey = process.env["SESSION_KEY"] ?? "agent:main:main";

const api = await connect({ actor: "inbox-triage" });
const taskFlow = api.runtime.tasks.flow.fromToolContext({
  sessionKey,
  deliveryContext: { channel: "slack", to: "C0INBOX" },
});
const log = (line: string): void => console.error(line);
const flow = await drive({ taskFlow, key, directory, messages: "data/messages.tsv", log });
api.close();
console.log(`${flow.key}: ${flow.status}${flow.error === undefined ? "" : `, ${flow.error}`}`);
process.exitCode = flow.status === "succeeded" ? 0 : 1;
