// The inspector's command line: every tool on pipes, lists and reads on both ways.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { cwd, everyTool, pipes, plain, token, url } from "./support.mjs";

const inspector = join(
    import.meta.dirname,
    "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js",
);
const servers = {
    "on pipes": [pipes.command, ...pipes.args],
    "over HTTP": [url, "--transport", "http", "--header", `Authorization: Bearer ${token}`],
};

async function ask(server, ...args) {
    const { stdout } = await promisify(execFile)(
        process.env.MCP_NODE,
        [inspector, "--cli", ...servers[server], ...args],
        { env: { ...process.env, ...pipes.env }, maxBuffer: 1 << 24 },
    );
    return JSON.parse(stdout);
}

const call = (server, name, args) => {
    const given = Object.entries(args).flatMap(([name, value]) => [
        "--tool-arg",
        `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
    ]);
    return ask(server, "--method", "tools/call", "--tool-name", name, ...given);
};

// Each question is a process of its own, so every tool is called on one way only.
test("the inspector calls every tool on pipes", async () => {
    const called = await everyTool((name, args) => call("on pipes", name, args), assert);
    const { tools } = await ask("on pipes", "--method", "tools/list");
    assert.deepEqual([...called].sort(), tools.map((tool) => tool.name).sort());
});

for (const server of Object.keys(servers)) {
    test(`the inspector lists and reads ${server}`, async () => {
        const run = await call(server, "flow_run", { source: plain, cwd });
        assert.ok(!run.isError, JSON.stringify(run));
        const { resources } = await ask(server, "--method", "resources/list");
        const { flowId } = run.structuredContent;
        assert.equal(resources[0].uri, `flow://${flowId}`);
        const read = await ask(server, "--method", "resources/read", "--uri", resources[0].uri);
        assert.equal(JSON.parse(read.contents[0].text).flowId, flowId);
        assert.equal((await ask(server, "--method", "prompts/list")).prompts.length, 4);
        // Fails where a client would not understand the schema of a tool.
        await ask(server, "--method", "tools/list", "--strict");
        const templates = await ask(server, "--method", "resources/templates/list");
        assert.equal(templates.resourceTemplates.length, 5);
        const prompt = ["--method", "prompts/get", "--prompt-name", "inbox_triage"];
        assert.equal((await ask(server, ...prompt)).messages[0].role, "user");
    });
}
