// Runs the cases of Lobster's tests that use its command line, and judges their ends: each must
// pass, unless it is listed as one that cannot, which then must not pass either.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "node:test";

const [root, ...wanted] = process.argv.slice(2);
const lines = (name) =>
    readFileSync(new URL(name, import.meta.url), "utf8")
        .split("\n")
        .filter((line) => line && !line.startsWith("#"));

/** Names of the cases by the file that has them. */
const files = new Map();
for (const line of lines("cases")) {
    const [file, name] = line.split(" | ");
    files.set(file, [...(files.get(file) ?? []), name]);
}
/** Why a case cannot pass, by its name. */
const listed = new Map(lines("exceptions").map((line) => line.split(" | ")));
const isWanted = (name) => wanted.length === 0 || wanted.some((part) => name.includes(part));

process.chdir(root);
const wrong = [];
let passed = 0;
let excepted = 0;

/** The ends of the cases of a file. */
async function ends(file, names) {
    const found = new Map();
    const escaped = names.map((name) => `^${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`);
    const path = join("dist", "test", `${file}.test.js`);
    const events = run({ files: [path], testNamePatterns: escaped, timeout: 120_000 });
    for await (const { type, data } of events) {
        if (type === "test:pass" && !data.skip) found.set(data.name, null);
        if (type === "test:fail") found.set(data.name, data.details.error);
    }
    return found;
}

for (const [file, all] of files) {
    const names = all.filter(isWanted);
    if (names.length === 0) continue;
    const found = await ends(file, names);
    for (const name of names) {
        const error = found.get(name);
        const told = error?.cause?.message ?? error?.message ?? "";
        if (error === undefined) wrong.push(`${file}: ${name}: there is no such case`);
        else if (error === null && listed.has(name) && !listed.get(name).startsWith("sometimes: "))
            wrong.push(`${file}: ${name}: passes: take it off the list of exceptions`);
        else if (error !== null && !listed.has(name)) wrong.push(`${file}: ${name}:\n${told}`);
        else if (error === null) passed += 1;
        else excepted += 1;
    }
}
for (const [name] of listed)
    if (![...files.values()].flat().includes(name)) wrong.push(`exceptions: no case ${name}`);
for (const line of wrong) console.error(`FAILED ${line}\n`);
console.log(`${passed} passed, ${excepted} excepted, ${wrong.length} wrong`);
process.exitCode = wrong.length === 0 && passed > 0 ? 0 : 1;
