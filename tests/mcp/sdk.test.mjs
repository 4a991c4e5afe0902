// The SDK of 2025-11-25, `@modelcontextprotocol/sdk`: every tool, resources, prompts, and flows as
// its experimental tasks.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { CallToolResultSchema, ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { cwd, everyTool, gate, info, pipes, token, url } from "./support.mjs";

const web = () =>
    new StreamableHTTPClientTransport(new URL(url), {
        requestInit: { headers: { authorization: `Bearer ${token}` } },
    });
const ways = { "on pipes": () => new StdioClientTransport(pipes), "over HTTP": web };

for (const [how, transport] of Object.entries(ways)) {
    test(`every tool ${how}`, async (t) => {
        const client = new Client(info);
        t.after(() => client.close());
        await client.connect(transport());
        const listed = (await client.listTools()).tools.map((tool) => tool.name);
        const called = await everyTool((name, args) => client.callTool({ name, arguments: args }), assert);
        assert.deepEqual([...called].sort(), listed.sort());
    });

    test(`resources and prompts ${how}`, async (t) => {
        const client = new Client(info);
        t.after(() => client.close());
        await client.connect(transport());
        const { resources } = await client.listResources();
        assert.ok(resources.length > 0);
        const { contents } = await client.readResource({ uri: resources[0].uri });
        assert.equal(`flow://${JSON.parse(contents[0].text).flowId}`, resources[0].uri);
        assert.equal((await client.listResourceTemplates()).resourceTemplates.length, 5);
        for (const prompt of (await client.listPrompts()).prompts) {
            const args = Object.fromEntries(prompt.arguments.map(({ name }) => [name, "x"]));
            const { messages } = await client.getPrompt({ name: prompt.name, arguments: args });
            assert.equal(messages[0].role, "user");
        }
        await assert.rejects(client.readResource({ uri: "flow://nobody" }), { code: -32002 });
        await assert.rejects(client.getPrompt({ name: "nothing" }), { code: -32602 });
    });

    test(`a flow as a task ${how}, asked by a form`, async (t) => {
        const client = new Client(info, { capabilities: { elicitation: {} } });
        t.after(() => client.close());
        let asked = 0;
        client.setRequestHandler(ElicitRequestSchema, (request) => {
            asked += 1;
            assert.equal(request.params.message, "Go on?");
            return { action: "accept", content: { approve: true } };
        });
        await client.connect(transport());
        // It reads there which tools are tasks.
        await client.listTools();
        const stream = client.experimental.tasks.callToolStream(
            { name: "flow_run", arguments: { source: gate, cwd } },
            CallToolResultSchema,
            { task: { ttl: 60000 } },
        );
        const seen = [];
        let result;
        for await (const message of stream) {
            seen.push(message.type);
            if (message.type === "error") throw message.error;
            if (message.type === "result") result = message.result;
        }
        assert.equal(seen[0], "taskCreated");
        assert.equal(asked, 1);
        assert.deepEqual(result.structuredContent.result, { done: true });
        const { tasks } = await client.experimental.tasks.listTasks();
        assert.equal(tasks[0].status, "completed");
    });

    test(`a task is cancelled ${how}`, async (t) => {
        const client = new Client(info);
        t.after(() => client.close());
        await client.connect(transport());
        const call = { name: "flow_run", arguments: { source: gate, cwd } };
        const made = await client.callTool(call);
        const { flowId } = made.structuredContent;
        assert.equal((await client.experimental.tasks.cancelTask(flowId)).status, "cancelled");
        await assert.rejects(client.experimental.tasks.cancelTask(flowId), { code: -32602 });
        const unknown = `flow_${"0".repeat(26)}`;
        await assert.rejects(client.experimental.tasks.getTask(unknown), { code: -32602 });
    });
}

test("a token of another session finds nothing", async (t) => {
    const mine = new Client(info);
    t.after(() => mine.close());
    await mine.connect(ways["on pipes"]());
    const made = await mine.callTool({ name: "flow_create", arguments: { goal: "mine" } });
    const other = new Client(info);
    t.after(() => other.close());
    await other.connect(web());
    const { flowId } = made.structuredContent;
    const shown = await other.callTool({ name: "flow_show", arguments: { flow: flowId } });
    assert.equal(shown.structuredContent.error.code, "not_found");
    await assert.rejects(other.experimental.tasks.getTask(flowId), { code: -32602 });
});
