// Writes src/generated.ts from the OpenAPI document of the gateway. With --check it writes nothing,
// and fails if the file is not what it would write.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const DOCUMENT = new URL("../../openapi.json", import.meta.url);
const OUTPUT = new URL("../src/generated.ts", import.meta.url);
const METHODS = ["get", "post", "put", "patch", "delete"];

/** Object schemas that occur in answers, where an absent field is left out, never `null`. */
const answers = new Set();

const isName = (text) => /^[A-Za-z_$][\w$]*$/.test(text);
const property = (text) => (isName(text) ? text : JSON.stringify(text));
const literal = (value) => JSON.stringify(value);

/** A name of the document as a name of TypeScript. */
function typeName(name) {
  const parts = name.split(/[^A-Za-z0-9]+/).filter(Boolean);
  return parts.map((part) => part[0].toUpperCase() + part.slice(1)).join("");
}

function comment(text, indent) {
  if (!text) return "";
  const lines = text.trim().replaceAll("*/", "*\\/").split("\n");
  if (lines.length === 1) return `${indent}/** ${lines[0].trim()} */\n`;
  const body = lines.map((line) => `${indent} * ${line.trim()}`.trimEnd()).join("\n");
  return `${indent}/**\n${body}\n${indent} */\n`;
}

/** A union without repetitions. */
function union(types) {
  const unique = [...new Set(types)];
  if (unique.includes("unknown")) return "unknown";
  return unique.length === 0 ? "never" : unique.join(" | ");
}

/** Parentheses where an operator follows. */
const grouped = (type) => (/ [|&] /.test(type) ? `(${type})` : type);

/** A schema that allows the same, but not `null`. */
function withoutNull(schema) {
  if (typeof schema !== "object") return schema;
  if (Array.isArray(schema.type)) {
    return { ...schema, type: schema.type.filter((type) => type !== "null") };
  }
  if (!schema.anyOf) return schema;
  return { ...schema, anyOf: schema.anyOf.filter((part) => part.type !== "null") };
}

/** Remembers every object schema below one of an answer. */
function markAnswer(document, schema) {
  if (typeof schema !== "object" || schema === null || answers.has(schema)) return;
  if (schema.properties) answers.add(schema);
  if (schema.$ref) markAnswer(document, resolve(document, schema));
  const parts = [schema.allOf, schema.oneOf, schema.anyOf, Object.values(schema.properties ?? {})];
  for (const part of parts.flat()) markAnswer(document, part);
  markAnswer(document, schema.items);
  markAnswer(document, schema.additionalProperties);
}

function objectType(schema, indent) {
  const inner = `${indent}  `;
  const required = new Set(schema.required ?? []);
  const lines = Object.entries(schema.properties ?? {}).map(([name, field]) => {
    const optional = !required.has(name);
    const type = schemaType(optional && answers.has(schema) ? withoutNull(field) : field, inner);
    const declared = optional && type !== "unknown" ? `${type} | undefined` : type;
    const doc = comment(field === true ? undefined : field.description, inner);
    return `${doc}${inner}${property(name)}${optional ? "?" : ""}: ${declared};`;
  });
  const more = schema.additionalProperties;
  if (lines.length === 0) {
    if (more === false) return "Record<string, never>";
    const value = more === undefined || more === true ? "unknown" : schemaType(more, indent);
    return `Record<string, ${value}>`;
  }
  return `{\n${lines.join("\n")}\n${indent}}`;
}

function plainType(type, schema, indent) {
  switch (type) {
    case "string":
      return "string";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "null":
      return "null";
    case "array":
      if (schema.items === undefined) return "unknown[]";
      return `${grouped(schemaType(schema.items, indent))}[]`;
    case "object":
      return objectType(schema, indent);
    default:
      throw new Error(`a type that is not known: ${JSON.stringify(type)}`);
  }
}

/** The TypeScript type of a JSON Schema. */
function schemaType(schema, indent) {
  if (schema === true || schema === undefined) return "unknown";
  if (schema === false) return "never";
  const parts = [];
  if (schema.$ref) parts.push(typeName(schema.$ref.split("/").at(-1)));
  for (const part of schema.allOf ?? []) parts.push(schemaType(part, indent));
  const choice = schema.oneOf ?? schema.anyOf;
  if (choice) parts.push(union(choice.map((part) => schemaType(part, indent))));
  if (schema.const !== undefined) parts.push(literal(schema.const));
  else if (schema.enum) parts.push(union(schema.enum.map(literal)));
  else if (!choice || schema.properties) {
    const types = [schema.type ?? (schema.properties ? "object" : [])].flat();
    const bare = types.length === 1 && types[0] === "object" && !schema.properties;
    // A bare `object` beside a reference or a choice says nothing more.
    if (types.length > 0 && !(bare && parts.length > 0)) {
      parts.push(union(types.map((type) => plainType(type, schema, indent))));
    }
  }
  if (parts.length === 0) return "unknown";
  if (parts.length === 1) return parts[0];
  const useful = parts.filter((part) => part !== "unknown");
  return useful.map(grouped).join(" & ") || "unknown";
}

function declaration(name, schema) {
  const type = schemaType(schema, "");
  const doc = comment(schema.description, "");
  if (schema.properties && type.startsWith("{\n"))
    return `${doc}export interface ${typeName(name)} ${type}\n`;
  return `${doc}export type ${typeName(name)} = ${type};\n`;
}

function resolve(document, node) {
  if (!node?.$ref) return node;
  return node.$ref
    .slice(2)
    .split("/")
    .reduce((at, key) => at[key], document);
}

/** Every field of a request in one object, wherever on the wire it travels. */
function requestType(document, operation, parameters) {
  const fields = parameters.filter((one) => one.in !== "header");
  const own = {
    type: "object",
    properties: Object.fromEntries(
      fields.map((one) => {
        const description = one.description ?? one.schema?.description;
        const schema = one.schema === true || !one.schema ? {} : one.schema;
        return [one.name, description ? { ...schema, description } : schema];
      }),
    ),
    required: fields.filter((one) => one.required).map((one) => one.name),
    additionalProperties: false,
  };
  const content = resolve(document, operation.requestBody)?.content;
  const body = content?.["application/json"]?.schema;
  if (!body) return objectType(own, "    ");
  const text = schemaType(body, "    ");
  if (fields.length === 0) return text;
  if (text === "Record<string, never>" || text === "Record<string, unknown>") {
    return objectType(own, "    ");
  }
  return `${objectType(own, "    ")} & ${grouped(text)}`;
}

function responseType(document, operation) {
  const [, response] =
    Object.entries(operation.responses ?? {}).find(([status]) => /^2/.test(status)) ?? [];
  const schema = resolve(document, response)?.content?.["application/json"]?.schema;
  if (schema === undefined) return undefined;
  markAnswer(document, schema);
  return schemaType(schema, "    ");
}

/** The operations that answer with JSON: probes and streams are not calls. */
function operations(document) {
  const found = [];
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS.filter((one) => item[one])) {
      const operation = item[method];
      const response = responseType(document, operation);
      if (!operation.operationId?.includes(".") || response === undefined) continue;
      const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map((one) =>
        resolve(document, one),
      );
      const request = requestType(document, operation, parameters);
      const summary = operation.summary ?? operation.description;
      found.push({ name: operation.operationId, method, path, request, response, summary });
    }
  }
  return found;
}

function generate(document) {
  const schemas = Object.entries(document.components?.schemas ?? {});
  // Before the schemas: it finds out which of them are answers.
  const calls = operations(document);
  const types = calls.map(
    (call) =>
      `${comment(call.summary, "  ")}  ${literal(call.name)}: {\n` +
      `    request: ${call.request};\n    response: ${call.response};\n  };`,
  );
  const routes = calls.map(
    (call) =>
      `  ${literal(call.name)}: { method: ${literal(call.method.toUpperCase())}, ` +
      `path: ${literal(call.path)} },`,
  );
  return [
    "// Written by `npm run generate` from the OpenAPI document of the gateway. Not to be edited.\n",
    ...schemas.map(([name, schema]) => declaration(name, schema)),
    `/** Requests and answers of every call, by its name. */\nexport interface Calls {\n${types.join("\n")}\n}\n`,
    `/** Where every call is, by its name. */\nexport const ROUTES = {\n${routes.join("\n")}\n} as const;\n`,
  ].join("\n");
}

const wanted = generate(JSON.parse(readFileSync(DOCUMENT, "utf8")));
if (process.argv.includes("--check")) {
  let found = "";
  try {
    found = readFileSync(OUTPUT, "utf8");
  } catch {
    // Reported below.
  }
  if (found !== wanted) {
    console.error(`${fileURLToPath(OUTPUT)} is stale: npm run generate`);
    process.exit(1);
  }
} else {
  writeFileSync(OUTPUT, wanted);
}
