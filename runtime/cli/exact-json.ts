// JSON whose numbers keep their digits: what JavaScript cannot hold (2^64, 1.50) is carried as it was written.

interface Written {
  readonly rawJSON: string;
}
const { parse, rawJSON } = JSON as unknown as {
  parse: (text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown) => unknown;
  rawJSON: (text: string) => Written;
};

/** JSON.stringify gives the numbers back as they were. Throws SyntaxError. */
export function parseExact(text: string): unknown {
  return parse(text, (_, value, { source }) => (typeof value === "number" ? rawJSON(source ?? String(value)) : value));
}

/** An integer of any size, for JSON.stringify. */
export function exactInteger(value: bigint): unknown {
  return rawJSON(String(value));
}
