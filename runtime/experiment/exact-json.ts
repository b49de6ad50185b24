// JSON with its numbers as they were written: JavaScript would round them. The command line, which knows us by HTTP alone, has its own.

interface Written {
  readonly rawJSON: string;
}
// JSON.parse with its source at hand; JSON.stringify gives such a number back.
const { parse, rawJSON, isRawJSON } = JSON as unknown as {
  parse: (text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown) => unknown;
  rawJSON: (text: string) => Written;
  isRawJSON: (value: unknown) => value is Written;
};
export { isRawJSON, type Written };

export function parseExact(text: string): unknown {
  return parse(text, (_, value, { source }) => (typeof value === "number" ? rawJSON(source ?? String(value)) : value));
}
