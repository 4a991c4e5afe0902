// What the tests of all clients share: where the server is, and a flow that asks a person.

export const bin = process.env.MCP_BIN;
export const url = process.env.MCP_URL;
export const token = process.env.MCP_TOKEN;
export const info = { name: "clawflow-tests", version: "0" };

/** How a client on pipes starts the server. */
export const pipes = {
    command: bin,
    // Not every client hands its environment on.
    args: ["mcp", "--session", "agent:pipe:main", "--home", process.env.CLAWFLOW_HOME],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, CLAWFLOW_HOME: process.env.CLAWFLOW_HOME },
    stderr: "inherit",
};

/** A flow that does something, asks, and does something else. */
export const gate = `steps:
  - { id: before, argv: [echo, ready] }
  - { id: ask, approval: Go on? }
  - { id: after, argv: [printf, '{"done": true}'] }
`;

/** A flow that ends by itself. */
export const plain = `steps:
  - { id: say, argv: [printf, '{"said": "hello"}'] }
`;

export const cwd = "/tmp";

/** Calls every tool, by way of `call(name, arguments)`, and returns the names of those called. */
export async function everyTool(call, assert) {
    const called = new Set();
    const tool = async (name, args = {}) => {
        called.add(name);
        const result = await call(name, args);
        assert.ok(!result.isError, `${name}: ${JSON.stringify(result)}`);
        return result.structuredContent ?? JSON.parse(result.content[0].text);
    };
    const run = await tool("flow_run", { source: gate, cwd });
    const flow = run.flowId;
    const asks = await tool("flow_wait", { flow, timeoutMs: 20000 });
    assert.equal(asks.asks[0].prompt, "Go on?");
    assert.equal((await tool("flow_why", { flow })).reasons[0].kind, "approval");
    await tool("flow_answer", { flow, approve: true });
    const end = await tool("flow_wait", { flow, cursor: asks.cursor, until: "end", timeoutMs: 20000 });
    assert.deepEqual([end.status, end.result], ["succeeded", { done: true }]);
    assert.equal((await tool("flow_show", { flow, step: "before" })).result, "ready\n");
    assert.ok((await tool("flow_list")).flows.some((one) => one.flowId === flow));

    const made = await tool("flow_create", { goal: "by hand" });
    const mine = { flow: made.flowId };
    const task = await tool("task_run", { ...mine, argv: ["echo", "child"], cwd });
    assert.equal((await tool("task_wait", { task: task.taskId })).stdout, "child\n");
    await tool("flow_set_waiting", { ...mine, waitFor: { kind: "event", name: made.flowId } });
    assert.equal((await tool("flow_signal", { name: made.flowId })).flows.length, 1);
    await tool("flow_set_waiting", { ...mine, stateJson: { at: 1 } });
    await tool("flow_resume", mine);
    await tool("flow_set_output", { ...mine, name: "answer", value: 42 });
    assert.equal((await tool("flow_finish", mine)).status, "succeeded");
    const other = await tool("flow_create", { goal: "to fail" });
    await tool("flow_fail", { flow: other.flowId, error: "no luck" });
    const third = await tool("flow_create", { goal: "to cancel" });
    await tool("flow_cancel", { flow: third.flowId, waitMs: 20000 });
    const mail = await tool("inbox", { timeoutMs: 20000 });
    await tool("inbox", { ack: mail.messages.map((one) => one.id) });
    return called;
}
