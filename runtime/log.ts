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

/** What waits for a reader that stands still, bytes: a paused `less`, a terminal after Ctrl-S. More is left out, and counted. */
const mostWaiting = 1024 * 1024;
const tryAgainAfter = 200;

/** Standard error, never waited for: a host whose log nobody reads just now is not a host that has stopped. */
function standardError(): ReturnType<typeof pino.destination> {
  // To a pipe at once: the last words of a process that ends are the ones that matter. A terminal would keep us waiting.
  const sync = !process.stderr.isTTY;
  const bounds = { minLength: 1, maxLength: mostWaiting }; // with a length of 0 it has no flush
  const stream = pino.destination({ dest: 2, sync, ...bounds, ...(sync && { retryEAGAIN: () => false }) });
  let again: NodeJS.Timeout | undefined;
  stream.on("error", (error: Error & { code?: string }) => {
    if (error.code === "EAGAIN") again ??= setTimeout(tryAgain, tryAgainAfter).unref();
    else stream.write = () => true; // the reader has gone
  });
  const tryAgain = (): void => {
    again = undefined;
    stream.flush();
  };
  return stream;
}

export function createLog(level: "debug" | "info" | "warn" | "error" = "info"): Log {
  const stream = standardError();
  const log = pino(
    { level },
    process.stderr.isTTY ? { write: (line: string) => void stream.write(readable(line)) } : stream,
  );
  let dropped = 0;
  stream.on("drop", () => (dropped += 1));
  stream.on("drain", () => {
    const lines = dropped;
    dropped = 0;
    if (lines > 0) log.warn({ lines }, "lines of this log are missing here: nobody read it");
  });
  return log;
}
