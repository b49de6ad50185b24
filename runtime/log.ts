// What the program itself says, on stderr: JSON lines for machines, one readable line each on a terminal.
// Experiments' logs never come here, and neither do tokens: nobody passes them.
import { pino, type Logger } from "pino";

export type Log = Logger;

const nameOf: Readonly<Record<string, string>> = {
  "20": "DEBUG",
  "30": "INFO ",
  "40": "WARN ",
  "50": "ERROR",
  "60": "FATAL",
};

/** A JSON line of pino's as a person reads it: time, level, message, then the fields; a stack on lines of its own. */
export function readable(line: string): string {
  const { time, level, msg, err, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const clock = new Date(Number(time)).toTimeString().slice(0, 8);
  const rest = Object.entries(fields)
    .filter(([key]) => key !== "pid" && key !== "hostname")
    .map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
  const { stack, message } = (err ?? {}) as { stack?: string; message?: string };
  const cause = stack ?? message;
  const text = typeof msg === "string" ? msg : "";
  return `${clock} ${nameOf[String(level)] ?? String(level)} ${text}${rest.join("")}${cause === undefined ? "" : `\n${cause}`}\n`;
}

export function createLog(level: "debug" | "info" | "warn" | "error" = "info"): Log {
  // Written at once: the last words of a process that ends are the ones that matter.
  const stream = process.stderr.isTTY
    ? { write: (line: string) => void process.stderr.write(readable(line)) }
    : pino.destination({ dest: 2, sync: true });
  return pino({ level }, stream);
}
