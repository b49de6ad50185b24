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

const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** A finite number of another notation: as it was written where JSON writes so too, else by its value. */
export function exactNumber(value: number | bigint, written: string): Written {
  return rawJSON(jsonNumber.test(written) ? written : String(value));
}
