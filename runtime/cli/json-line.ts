// --json: the server's own text, a value a line.

/** A value as it was written, on a line of its own: strings hold no line breaks (JSON escapes them), all others may go. */
export function jsonLine(text: string): string {
  return `${text.replaceAll(/[\r\n]+\s*/g, "")}\n`;
}

/** The same for a part of a long one. */
export function withoutBreaks(part: Buffer): Buffer {
  return Buffer.from(part.toString("latin1").replaceAll(/[\r\n]/g, ""), "latin1");
}
