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

/** A value as it was written, on a line of its own: strings hold no line breaks (JSON escapes them), all others may go. */
export function jsonLine(text: string): string {
  return `${text.replaceAll(/[\r\n]+\s*/g, "")}\n`;
}

/** The same for a part of a long one. */
export function withoutBreaks(part: Buffer): Buffer {
  return Buffer.from(part.toString("latin1").replaceAll(/[\r\n]/g, ""), "latin1");
}
