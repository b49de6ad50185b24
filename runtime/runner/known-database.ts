// What this host remembers of its database, in a file under `data`: the installation and the last epoch it was given. A
// database that gives an older epoch than that was restored to a moment before: then what runs here is not judged by it.

import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";

const memory = z.object({ installation: z.string(), epoch: z.string().regex(/^\d+$/) });

/** Whether the database is older than what this host knew; remembers it from now on. */
export async function isRestored(
  data: string,
  host: string,
  now: { readonly installation: string; readonly epoch: string },
): Promise<boolean> {
  const file = join(data, "hosts", `${host}.json`);
  const before = await readMemory(file);
  await mkdir(dirname(file), { recursive: true });
  // Written whole and then put into place: a crash leaves the old file or the new one.
  await writeFile(`${file}.new`, `${JSON.stringify({ installation: now.installation, epoch: now.epoch })}\n`);
  await rename(`${file}.new`, file);
  return before?.installation === now.installation && BigInt(now.epoch) <= BigInt(before.epoch);
}

async function readMemory(file: string): Promise<z.infer<typeof memory> | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  const parsed = memory.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : undefined;
}
