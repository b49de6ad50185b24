// The keys of the configuration as dotted paths, taken from the schema: what the environment may override, what may be meant.
import { z } from "zod";
import type { Marks } from "./leaf.ts";
import { configSchema } from "./schema.ts";

export interface KeyPath {
  readonly path: readonly string[];
  /** SKEDULER_HTTP_LISTEN for http.listen. */
  readonly variable: string;
  readonly list: boolean;
  /** What it holds is never shown. */
  readonly secret: boolean;
}

function objectIn(schema: unknown): z.ZodObject | undefined {
  if (schema instanceof z.ZodObject) return schema;
  return schema instanceof z.ZodPrefault ? objectIn(schema.unwrap()) : undefined;
}

function walk(schema: z.ZodObject, above: readonly string[]): KeyPath[] {
  return Object.entries(schema.shape).flatMap(([key, value]) => {
    const path = [...above, key];
    const section = objectIn(value);
    if (section !== undefined) return walk(section, path);
    const { list = false, secret = false } = (value as z.ZodType).meta() as Partial<Marks>;
    return [{ path, variable: `SKEDULER_${path.join("_").toUpperCase()}`, list, secret }];
  });
}

export const keyPaths: readonly KeyPath[] = walk(configSchema, []);

/** The keys that may stand in a section ([] is the top). */
export function keysIn(section: readonly string[]): string[] {
  const below = keyPaths.filter(({ path }) => section.every((part, index) => path[index] === part));
  return [...new Set(below.map(({ path }) => path[section.length] ?? ""))];
}
