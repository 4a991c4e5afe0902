// The SDK of 2026-07-28, `@modelcontextprotocol/client`, pinned to that revision, and the official
// helper for tasks, `@modelcontextprotocol/ext-tasks`, in both dialects.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import {
    createTaskSessionFromClient,
    resultFromTaskOutcome,
    toolDeclarationFromMcpTool,
} from "@modelcontextprotocol/ext-tasks/client";
import { cwd, everyTool, gate, info, pipes, token, url } from "./support.mjs";

const revision = "2026-07-28";
const authorization = `Bearer ${token}`;
const ways = {
    "on pipes": () => new StdioClientTransport(pipes),
    "over HTTP": () =>
        new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { authorization } } }),
};

const modern = { versionNegotiation: { mode: { pin: revision } } };

for (const [how, transport] of Object.entries(ways)) {
    test(`every tool of ${revision} ${how}`, async (t) => {
        const client = new Client(info, modern);
        t.after(() => client.close());
        await client.connect(transport());
        assert.equal(client.getProtocolEra(), "modern");
        const listed = (await client.listTools()).tools.map((tool) => tool.name);
        const called = await everyTool((name, args) => client.callTool({ name, arguments: args }), assert);
        assert.deepEqual([...called].sort(), listed.sort());
        const { resources } = await client.listResources();
        const { contents } = await client.readResource({ uri: resources[0].uri });
        assert.equal(`flow://${JSON.parse(contents[0].text).flowId}`, resources[0].uri);
        assert.equal((await client.listPrompts()).prompts.length, 4);
        await assert.rejects(client.readResource({ uri: "flow://nobody" }), { code: -32602 });
    });

    // Over HTTP this helper waits for a question of 2025-11-25 on no stream: there is none.
    for (const dialect of how === "on pipes" ? ["2025-11-25", revision] : [revision]) {
        test(`a flow as a task of ${dialect} ${how}, asked by a form`, async (t) => {
            const capabilities = { elicitation: { form: {} } };
            const client = new Client(info, { ...(dialect === revision ? modern : {}), capabilities });
            const raw = dialect === revision ? rawDispatch(how) : undefined;
            t.after(() => Promise.all([client.close(), raw?.close()]));
            await client.connect(transport());
            const framing = { protocolVersion: revision, clientInfo: info, clientCapabilities: capabilities };
            let asked = 0;
            const { tools } = await client.listTools();
            const declared = toolDeclarationFromMcpTool(tools.find(({ name }) => name === "flow_run"));
            const session = createTaskSessionFromClient(client, {
                endpointId: "test",
                ...(raw ? { rawDispatch: raw.dispatch, v2RequestFraming: framing } : {}),
                onInputRequest: async (request) => {
                    asked += 1;
                    assert.equal(request.kind, "elicitation");
                    return { action: "accept", content: { approve: true } };
                },
            });
            const execution = await session.callTool(
                "flow_run",
                { source: gate, cwd },
                { declaration: declared, task: { preference: "prefer" } },
            );
            assert.equal(execution.kind, "task");
            const { outcome } = await execution.settle();
            const result = resultFromTaskOutcome(outcome);
            assert.deepEqual(result.structuredContent.result, { done: true });
            assert.equal(asked, 1);
            await session.close();
        });
    }
}

/** Requests as the host of such a client sends them itself, since its codec has no tasks. */
function rawDispatch(how) {
    const outcome = (message) =>
        message.error ? { kind: "error", error: message.error } : { kind: "result", result: message.result };
    if (how === "over HTTP") {
        return { dispatch: async (request) => outcome(await post(request)), close: () => {} };
    }
    const child = spawn(pipes.command, pipes.args, { env: pipes.env, stdio: ["pipe", "pipe", "inherit"] });
    const waiting = new Map();
    createInterface({ input: child.stdout }).on("line", (line) => {
        const message = JSON.parse(line);
        waiting.get(message.id)?.(message);
    });
    let next = 0;
    const dispatch = (request) =>
        new Promise((resolve) => {
            const id = ++next;
            waiting.set(id, (message) => resolve(outcome(message)));
            child.stdin.write(`${JSON.stringify({ ...request, jsonrpc: "2.0", id })}\n`);
        });
    return { dispatch, close: () => child.stdin.end() };
}

async function post(request) {
    const { method, params } = request;
    const name = params?.name ?? params?.taskId ?? params?.uri;
    const response = await fetch(url, {
        method: "POST",
        headers: {
            authorization,
            "content-type": "application/json",
            accept: "application/json, text/event-stream",
            "mcp-protocol-version": revision,
            "mcp-method": method,
            ...(name ? { "mcp-name": name } : {}),
        },
        body: JSON.stringify({ ...request, jsonrpc: "2.0", id: 1 }),
    });
    return response.json();
}
