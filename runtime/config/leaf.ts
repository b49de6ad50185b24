// One kind of value in the configuration: how it is read, what is allowed (for the sentence), what counts when it is absent.
// Secret values are never shown, in no sentence; a list can also come from an environment variable, separated by commas.
import { z } from "zod";

interface Leaf<T> {
  /** Ends the sentence "must be …". */
  readonly allowed: string;
  /** undefined says: not allowed. */
  readonly parse: (value: unknown) => T | undefined;
  readonly secret?: boolean;
  readonly list?: boolean;
}

/** What the schema says of a key beside its values (paths.ts). */
export type Marks = Readonly<Record<"list" | "secret", boolean>>;

function fault(leaf: Leaf<unknown>, value: unknown): string {
  return `must be ${leaf.allowed}${leaf.secret === true ? "" : `, not ${JSON.stringify(value)}`}`;
}

function schemaOf<T>(leaf: Leaf<T>) {
  return z.unknown().transform((value, context): T => {
    const parsed = leaf.parse(value);
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: "custom", message: fault(leaf, value) });
    return z.NEVER;
  });
}

function metaOf({ list = false, secret = false }: Leaf<unknown>): Marks {
  return { list, secret };
}

/** A key with a default, given as its user would write it. */
export function leaf<T>(written: unknown, rules: Leaf<T>) {
  return schemaOf(rules).prefault(written).meta(metaOf(rules));
}

/** A key that may be absent. */
export function optionalLeaf<T>(rules: Leaf<T>) {
  return schemaOf(rules)
    .optional()
    .transform((value): T | undefined => value)
    .meta(metaOf(rules));
}
