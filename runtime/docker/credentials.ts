// Registry credentials of this host, from Docker's own config.json (plain `auths` entries). They go to the Engine and
// nowhere else: never into a log, an error or an answer. A file that is missing or unreadable means none.

import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

const file = z.object({
  auths: z.record(z.string(), z.object({ auth: z.string().optional() }).loose()).optional(),
});

export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly serveraddress: string;
}

/** The registry of an image reference: what stands before the first slash if it looks like a host, else Docker's hub. */
export function registryOf(image: string): string {
  const [first = "", ...rest] = image.split("/");
  return rest.length > 0 && (/[.:]/.test(first) || first === "localhost") ? first : "https://index.docker.io/v1/";
}

export async function credentialsFor(image: string): Promise<Credentials | undefined> {
  const registry = registryOf(image);
  const path = join(process.env["DOCKER_CONFIG"] ?? join(homedir(), ".docker"), "config.json");
  let auths: Record<string, { auth?: string | undefined }>;
  try {
    auths = file.parse(JSON.parse(await readFile(path, "utf8"))).auths ?? {};
  } catch {
    return undefined; // Docker itself treats a missing or odd file as "not logged in"
  }
  const auth = (auths[registry] ?? auths[`https://${registry}`])?.auth;
  if (auth === undefined || auth === "") return undefined;
  const [username = "", ...password] = Buffer.from(auth, "base64").toString("utf8").split(":");
  return { username, password: password.join(":"), serveraddress: registry };
}
