// This host's secrets: a YAML or JSON file of names and texts, which nobody but its owner may read. Read for each attempt
// that names one, so a change counts at once. No value ever stands in a sentence.

import { readFile, stat } from "node:fs/promises";
import { parse } from "yaml";
import { z } from "zod";
import type { OpenAttempt } from "../database/statements/runner.ts";

/** A secret that an experiment names cannot be had; the message says why, and nothing of any value. */
export class SecretMissing extends Error {}

const secretsFile = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/** The environment with its secrets filled in. `file` undefined: this host has none. */
export async function fillSecrets(
  environment: OpenAttempt["environment"],
  file: string | undefined,
): Promise<{ readonly environment: Record<string, string>; readonly values: readonly string[] }> {
  const filled: Record<string, string> = {};
  const values: string[] = [];
  let known: ReadonlyMap<string, string> | undefined;
  for (const [name, value] of Object.entries(environment)) {
    if (typeof value !== "object" || value === null) {
      filled[name] = value ?? "";
      continue;
    }
    known ??= await readSecrets(file);
    const secret = known.get(value.secret);
    if (secret === undefined)
      throw new SecretMissing(`This host has no secret "${value.secret}", which the variable ${name} asks for.`);
    filled[name] = secret;
    values.push(secret);
  }
  return { environment: filled, values };
}

async function readSecrets(file: string | undefined): Promise<ReadonlyMap<string, string>> {
  if (file === undefined) throw new SecretMissing("This host has no secrets: its runner.secrets is not set.");
  let text: string;
  try {
    const { mode } = await stat(file);
    if ((mode & 0o077) !== 0)
      throw new SecretMissing("This host's secrets file may be read by others than its owner: make it mode 600.");
    text = await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof SecretMissing) throw error;
    throw new SecretMissing("This host's secrets file is missing or cannot be read."); // the error's own words name the path
  }
  return new Map(Object.entries(parseSecrets(text)).map(([name, value]) => [name, String(value)]));
}

function parseSecrets(text: string): z.infer<typeof secretsFile> {
  let found: unknown;
  try {
    found = parse(text) ?? {};
  } catch {
    found = undefined; // the parser's words quote the file
  }
  const checked = secretsFile.safeParse(found);
  if (checked.success) return checked.data;
  throw new SecretMissing("This host's secrets file is not a list of names and texts in YAML or JSON.");
}

/** The text without any of the values: Docker may quote in an error what it was given. */
export function withoutSecrets(text: string, values: readonly string[]): string {
  const longestFirst = values.filter((value) => value !== "").toSorted((a, b) => b.length - a.length);
  return longestFirst.reduce((shown, value) => shown.replaceAll(value, "***"), text); // one may begin another
}
