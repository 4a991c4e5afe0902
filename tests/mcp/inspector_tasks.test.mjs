// The inspector's other command line, which keeps a connection: a flow as a task in both dialects,
// its question answered on the command line.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { cwd, gate, pipes } from "./support.mjs";

const program = join(
    import.meta.dirname,
    "node_modules/@modelcontextprotocol/inspector/clients/mcpdo/build/mcp-bin.js",
);
let env = {
    ...process.env,
    // Nothing is kept, and there is no keychain to ask.
    MCP_INSPECTOR_SECRET_STORE: "memory",
};

async function mcpdo(...args) {
    const { stdout } = await promisify(execFile)(process.env.MCP_NODE, [program, ...args], { env });
    return stdout;
}

const at = async (...args) =>
    JSON.parse(await mcpdo("--connection", pipes.command, "--format", "json", ...args));

before(async () => {
    // A daemon of its own, and not the user's.
    const exported = (await mcpdo("private")).matchAll(/^export (\w+)=['"]?([^'"\n]*)['"]?;?$/gm);
    env = { ...env, ...Object.fromEntries([...exported].map(([, name, value]) => [name, value])) };
});

after(() => mcpdo("daemon", "stop"));

for (const era of ["legacy", "modern"]) {
    test(`a flow as a task with the inspector, ${era}`, async () => {
        const variables = Object.entries(pipes.env).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
        const server = ["--", pipes.command, ...pipes.args];
        await mcpdo("connect", "--era", era, "--elicit", "form", ...variables, ...server);
        const args = JSON.stringify({ source: gate, cwd });
        const asked = await at("tools/call", "flow_run", "--task", "--tool-args-json", args);
        const question = asked.elicitationPending;
        assert.equal(question.message, "Go on?", JSON.stringify(asked));
        const answered = await at("elicitation/respond", question.elicitationId, "approve:=true");
        const result = answered.result ?? answered;
        assert.deepEqual(result.structuredContent.result, { done: true }, JSON.stringify(answered));
        const { flowId } = result.structuredContent;
        const task = await at("tasks/get", flowId);
        assert.equal((task.task ?? task).status, "completed", JSON.stringify(task));
        await at("disconnect");
    });
}
