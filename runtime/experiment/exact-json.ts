// JSON whose numbers keep their digits: what JavaScript cannot hold (2^64, 1.50) is carried as it was written.

/** A number as it was written; JSON.stringify gives it back. */
export interface Written {
  readonly rawJSON: string;
}
const { parse, rawJSON, isRawJSON } = JSON as unknown as {
  parse: (text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown) => unknown;
  rawJSON: (text: string) => Written;
  isRawJSON: (value: unknown) => value is Written;
};
export { isRawJSON };

/** Throws SyntaxError. */
export function parseExact(text: string): unknown {
  return parse(text, (_, value, { source }) => (typeof value === "number" ? rawJSON(source ?? String(value)) : value));
}

/** An integer of any size. */
export function exactInteger(value: bigint): Written {
  return rawJSON(String(value));
}
