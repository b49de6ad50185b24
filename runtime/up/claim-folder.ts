// One `up` at a time works in a data folder: it listens on an abstract socket that is named after the folder. The kernel gives such a
// name once and takes it back when the process ends, however it ends: nothing is left that could be stale.

import { mkdirSync, statSync } from "node:fs";
import { connect, createServer } from "node:net";
import { text } from "node:stream/consumers";
import { folderFault, UserError } from "../errors.ts";

/** How long the other may take to say its number, ms: one that is stopped (Ctrl-Z) never does. */
const patience = 2_000;

/** Holds the folder until this process ends; a UserError where another process does. Makes the folder where it is missing. */
export async function claimFolder(folder: string): Promise<void> {
  if (process.platform !== "linux") return; // only Linux has such names
  try {
    mkdirSync(folder, { recursive: true, mode: process.getuid?.() === 0 ? 0o755 : 0o700 }); // root's Postgres runs as another user
  } catch (cause) {
    throw folderFault(folder, cause);
  }
  const { dev, ino } = statSync(folder);
  const path = `\0skeduler-up-${dev}-${ino}`;
  const { promise: claimed, resolve, reject } = Promise.withResolvers<undefined>();
  const server = createServer((asking) =>
    asking
      .unref()
      .on("error", () => undefined)
      .end(String(process.pid)),
  );
  server
    .once("error", reject)
    .listen(path, () => resolve(undefined))
    .unref();
  try {
    await claimed;
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE")) throw cause;
    throw new UserError(
      `\`skeduler up\` already runs here (${await whoHolds(path)}, data in ${folder}): stop it first, or set SKEDULER_DATA to another folder.`,
      { cause },
    );
  }
}

async function whoHolds(path: string): Promise<string> {
  const pid = await text(connect({ path, signal: AbortSignal.timeout(patience) })).catch(() => "");
  return /^\d+$/.test(pid) ? `process ${pid}` : "another process";
}
