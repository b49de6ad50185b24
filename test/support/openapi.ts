// Holds bodies and answers against the OpenAPI document. Strictly: a field of an answer that the document does not name is
// a fault too, though clients have to expect more.

import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import type { Json, OpenApi } from "../../runtime/openapi/document.ts";

interface Described {
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Json }> };
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: Json }> }>;
}

export class Validator {
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  readonly #operations = new Map<string, Described>();

  constructor(document: OpenApi) {
    formats.default(this.#ajv);
    this.#ajv.addSchema({ $id: "document", components: document.components });
    this.#ajv.addSchema({ $id: "strict", components: closed(document.components) as Json });
    for (const methods of Object.values(document.paths))
      for (const operation of Object.values(methods))
        this.#operations.set(String(operation["operationId"]), operation as unknown as Described);
  }

  /** What is wrong with a request's body; [] where nothing is. */
  bodyFaults(operation: string, body: unknown): string[] {
    const schema = this.#operations.get(operation)?.requestBody?.content["application/json"]?.schema;
    return schema === undefined ? ["takes no body"] : this.#faults(schema, "document", body);
  }

  /** What is wrong with an answer. */
  answerFaults(operation: string, status: number, type: string | null, body: string): string[] {
    const answer = this.#operations.get(operation)?.responses[status];
    if (answer === undefined) return [`the status ${status} is not described`];
    const media = (type ?? "").split(";")[0] ?? "";
    if (answer.content === undefined) return body === "" ? [] : ["has a body that is not described"];
    const content = answer.content[media];
    if (content === undefined) return [`the type "${media}" is not described for ${status}`];
    return media === "application/json" ? this.#faults(closed(content.schema) as Json, "strict", JSON.parse(body)) : [];
  }

  #faults(schema: Json, document: string, value: unknown): string[] {
    const check = this.#ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', `"${document}#/`)) as Json);
    if (check(value)) return [];
    return (check.errors ?? []).map(
      ({ instancePath, message = "", params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }
}

/** The schema, with no room for fields that it does not name. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== "object" || value === null) return value;
  const inner = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, closed(one)]));
  return "properties" in inner && inner["type"] === "object" ? { additionalProperties: false, ...inner } : inner;
}
