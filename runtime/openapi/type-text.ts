// A JSON Schema as people read a type: TypeScript's notation, a field a line, what is to be known behind it. Pure; for the
// page of documentation alone.

import type { Json } from "./document.ts";

/** The text; a component is called by its name. */
export function typeText(schema: Json, indent = ""): string {
  const { $ref: ref, anyOf, oneOf, enum: values, type, items, properties, additionalProperties: more } = schema;
  if (typeof ref === "string") return ref.slice(ref.lastIndexOf("/") + 1);
  if ("const" in schema) return JSON.stringify(schema["const"]);
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(" | ");
  const several = anyOf ?? oneOf;
  if (Array.isArray(several)) return several.map((one) => typeText(one as Json, indent)).join(" | ");
  if (Array.isArray(type)) return type.map((one: unknown) => typeText({ ...schema, type: one }, indent)).join(" | ");
  switch (type) {
    case "array": {
      const places = schema["prefixItems"];
      if (Array.isArray(places)) return `[${places.map((one) => typeText(one as Json, indent)).join(", ")}]`;
      const item = items === undefined ? "any" : typeText(items as Json, indent);
      return item.includes(" | ") ? `(${item})[]` : `${item}[]`;
    }
    case "object":
      if (properties !== undefined) return fieldsText(schema, indent);
      return `{ [name]: ${typeof more === "object" && more !== null ? typeText(more as Json, indent) : "any"} }`;
    case "string":
      return typeof schema["format"] === "string" ? schema["format"] : "text";
    case "integer":
      return "integer";
    case undefined:
      return "any";
    default:
      return typeof type === "string" ? type : "any";
  }
}

function fieldsText(schema: Json, indent: string): string {
  const inner = `${indent}  `;
  const required = new Set(Array.isArray(schema["required"]) ? (schema["required"] as string[]) : []);
  const lines = Object.entries(schema["properties"] as Record<string, Json>).map(([name, field]) => {
    const remark = [
      field["description"],
      "default" in field ? `default ${JSON.stringify(field["default"])}` : undefined,
    ]
      .filter((text) => typeof text === "string")
      .join("; ");
    return `${inner}${name}${required.has(name) ? "" : "?"}: ${typeText(field, inner)}${remark === "" ? "" : `  // ${remark}`}`;
  });
  return `{\n${lines.join("\n")}\n${indent}}`;
}
