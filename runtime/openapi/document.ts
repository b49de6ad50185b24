// The OpenAPI 3.1 document, made from the very zod schemas that validate requests, and from those of the answers. Pure.
// What JSON Schema cannot say of a schema (a check in code) is left out: the document allows no less than the server.

import { z } from "zod";
import { statusOf, type ErrorCode } from "../errors.ts";
import { serverAssigned } from "../experiment/schema.ts";
import { errorAnswer } from "./answers.ts";
import type { Answer, Operation } from "./operation.ts";

export type Json = Record<string, unknown>;

export interface OpenApi {
  readonly openapi: "3.1.0";
  readonly info: Json;
  readonly servers: readonly Json[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly security: readonly Json[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly components: { readonly securitySchemes: Json; readonly schemas: Readonly<Record<string, Json>> };
}

const tags = [
  { name: "Experiments", description: "A Docker image, a command, an environment: what runs, and what waits." },
  { name: "Groups", description: "Sweeps: the experiments of one matrix." },
  { name: "Logs", description: "What experiments print, stored and live." },
  { name: "Hosts", description: "The machines that run them." },
  { name: "Events", description: "Who did what, when; also live." },
  { name: "Notifications", description: "Whom the server tells of changes, and what it could not deliver." },
  { name: "Server", description: "Sessions, health, and this document." },
] as const;

const parameterSchemas: Readonly<Record<string, Json>> = {
  id: { type: "string", format: "uuid" },
  name: { type: "string" },
};

/** `version`: the program's. */
export function describeApi(operations: readonly Operation[], version: string): OpenApi {
  const schemas = new Schemas();
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of operations)
    (paths[operation.path] ??= {})[operation.method.toLowerCase()] = operationObject(operation, schemas);
  return {
    openapi: "3.1.0",
    info: {
      title: "Skeduler",
      version,
      summary: "An experiment queue for GPU hosts.",
      description:
        "Success is 200. Errors are JSON: a sentence, a code for programs, and for bad input each detail. More fields may come; none goes or changes.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    tags,
    security: [{ token: [] }, { cookie: [] }],
    paths,
    components: {
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          description: "`Authorization: Bearer TOKEN`; the bare token counts too.",
        },
        cookie: {
          type: "apiKey",
          in: "cookie",
          name: "skeduler_session",
          description: "From POST /session, for browsers.",
        },
      },
      schemas: schemas.components,
    },
  };
}

function operationObject(operation: Operation, schemas: Schemas): Json {
  const { id, tag, summary, description, access, body } = operation;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    ...(access === "open" && { security: [] }),
    parameters: [...pathParameters(operation), ...queryParameters(operation, schemas), ...headerParameters(operation)],
    ...(body && {
      requestBody: {
        required: body.optional !== true,
        content: { "application/json": { schema: schemas.of(body.schema), example: body.example } },
      },
    }),
    responses: { ...answersOf(operation, schemas), ...errorsOf(operation, schemas) },
  };
}

function pathParameters({ path }: Operation): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    schema: parameterSchemas[name] ?? { type: "string" },
  }));
}

function queryParameters({ query }: Operation, schemas: Schemas): Json[] {
  return Object.entries(query?.shape ?? {}).map(([name, schema]) => {
    const { description, ...rest } = schemas.of(schema as z.ZodType);
    return { name, in: "query", required: false, ...(description !== undefined && { description }), schema: rest };
  });
}

function headerParameters({ headers = {} }: Operation): Json[] {
  return Object.entries(headers).map(([name, description]) => ({
    name,
    in: "header",
    required: false,
    description,
    schema: { type: "string" },
  }));
}

function answersOf({ answers }: Operation, schemas: Schemas): Json {
  return Object.fromEntries(
    Object.entries(answers).map(([status, { description, content, headers = {} }]: [string, Answer]) => [
      status,
      {
        description,
        headers: Object.fromEntries(
          Object.entries({ "X-Request-Id": "the id of this request in the server's log", ...headers }).map(
            ([name, text]) => [name, { description: text, schema: { type: "string" } }],
          ),
        ),
        ...(content !== "" && {
          content:
            typeof content === "string"
              ? { [content]: { schema: { type: "string" } } }
              : { "application/json": { schema: schemas.of(content) } },
        }),
      },
    ]),
  );
}

/** What any call of this kind may answer, and its own. */
function errorCodes({ path, access, body, errors = [] }: Operation): ErrorCode[] {
  return [
    "foreign_host",
    "foreign_origin",
    "internal",
    "unavailable",
    ...(access === "open" ? [] : (["unauthorized"] as const)),
    ...(path.includes("{id}") ? (["malformed_id"] as const) : []),
    ...(path.includes("{") ? (["not_found"] as const) : []),
    ...(body ? (["invalid_json", "invalid_utf8", "validation", "payload_too_large"] as const) : []),
    ...errors,
  ];
}

function errorsOf(operation: Operation, schemas: Schemas): Json {
  const codes = [...new Set(errorCodes(operation))];
  const byStatus = Map.groupBy(codes, (code) => statusOf[code]);
  return Object.fromEntries(
    [...byStatus].sort().map(([status, of]) => [
      status,
      {
        description: `Code ${of.map((code) => `\`${code}\``).join(", ")}.`,
        content: { "application/json": { schema: schemas.of(errorAnswer) } },
      },
    ]),
  );
}

/** zod → JSON Schema; what has an id becomes a component and is referred to. */
class Schemas {
  readonly components: Record<string, Json> = {};

  of(schema: z.ZodType): Json {
    const made = z.toJSONSchema(schema, {
      io: "input",
      unrepresentable: "any",
      override: ({ jsonSchema }) => {
        // The format, or the type, says it.
        if (jsonSchema.format !== undefined || jsonSchema.type === "integer") delete jsonSchema.pattern;
        withoutAssigned(jsonSchema);
      },
    });
    for (const [name, component] of Object.entries(made.$defs ?? {}))
      this.components[name] = without(["id"], referring(component) as Json);
    return without(["$schema", "$defs"], referring(made) as Json);
  }
}

function without(keys: readonly string[], schema: Json): Json {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => !keys.includes(key)));
}

/** zod refers within one schema; here all stand in one document. */
function referring(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(referring);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === "$ref" && typeof inner === "string"
        ? inner.replace("#/$defs/", "#/components/schemas/")
        : referring(inner),
    ]),
  );
}

const assigned: ReadonlySet<string> = new Set(serverAssigned);

/** Fields that the server assigns may be sent and say nothing: a reader need not see them. */
function withoutAssigned(schema: { properties?: Record<string, unknown>; additionalProperties?: unknown }): void {
  const { properties } = schema;
  if (properties === undefined || schema.additionalProperties !== false) return;
  for (const [name, property] of Object.entries(properties))
    if (assigned.has(name) && Object.keys(property as object).length === 0) Reflect.deleteProperty(properties, name);
}
