// What a container may do on this host, as its configuration says: which images, limits, mounts. Judged before anything is
// asked of Docker; a refusal is one sentence that says what is allowed. Host paths are judged by where they really lead.

import { realpath, stat } from "node:fs/promises";
import { parseVolume } from "../experiment/volume.ts";
import { withTag } from "./image-name.ts";

export interface Policy {
  /** Patterns: `*` is any text without a slash, `**` any text. */
  readonly images: readonly string[];
  readonly mounts: readonly { readonly path: string; readonly writable: boolean }[];
  /** A Docker network's name; undefined is the Engine's default one. */
  readonly network: string | undefined;
  readonly maxMemory: number | undefined;
  readonly maxCpus: number | undefined;
  readonly maxShmSize: number | undefined;
  readonly pidsLimit: number;
  readonly noNewPrivileges: boolean;
  /** Those kept; all others are dropped. */
  readonly capabilities: readonly string[];
}

/** The request asks for what this host does not allow. */
export class PolicyRefusal extends Error {}

export interface Mount {
  /** Where the path that was asked for really leads. */
  readonly source: string;
  readonly target: string;
  readonly writable: boolean;
}

/** The forms of an image's name: as written, and in full ("busybox" is docker.io/library/busybox:latest). */
function namesOf(image: string): string[] {
  const written = withTag(image);
  const [first = "", ...rest] = written.split("/");
  if (rest.length === 0) return [written, `docker.io/library/${written}`];
  return /[.:]/.test(first) || first === "localhost" ? [written] : [written, `docker.io/${written}`];
}

/** Docker takes what begins so for an image's id, whole or cut short; a repository cannot be called so. */
const isId = (image: string): boolean => /^sha256:/i.test(image);

/** An id says nothing of where an image is from: it is matched by patterns of ids alone, and by the one of all. */
export function matchesImage(pattern: string, image: string): boolean {
  if (isId(image)) return pattern === "**" || (isId(pattern) && matchesText(pattern, image));
  return namesOf(image).some((name) => matchesText(pattern, name));
}

/** Takes no more than both lengths multiplied, whatever a user wrote; a RegExp may. */
function matchesText(pattern: string, text: string): boolean {
  let ends = [0]; // where what has been matched of the text may end, in order
  for (const part of pattern.split(/(\*\*|\*)/)) {
    const reached = new Set<number>();
    for (const from of ends) {
      if (part !== "*" && part !== "**") {
        if (text.startsWith(part, from)) reached.add(from + part.length);
        continue;
      }
      for (let at = from; at <= text.length && !reached.has(at); at += 1) {
        reached.add(at);
        if (part === "*" && text[at] === "/") break;
      }
    }
    ends = [...reached];
  }
  return ends.includes(text.length);
}

export function checkImage({ images }: Policy, image: string): void {
  if (images.some((pattern) => matchesImage(pattern, image))) return;
  throw new PolicyRefusal(`This host does not run the image ${image}; allowed are ${images.join(", ") || "none"}.`);
}

export interface Limits {
  readonly memoryBytes: number | undefined;
  readonly cpus: number | undefined;
  readonly shmBytes: number | undefined;
}

/** What was asked for, or the host's maximum where nothing was (shared memory apart: Docker's own default is small). */
export function limitsUnder(policy: Policy, asked: Limits): Limits {
  const check = (what: string, wanted: number | undefined, most: number | undefined, unit: string): void => {
    if (wanted !== undefined && most !== undefined && wanted > most)
      throw new PolicyRefusal(`This host gives a container at most ${most}${unit} of ${what}, not ${wanted}${unit}.`);
  };
  check("memory", asked.memoryBytes, policy.maxMemory, " bytes");
  check("CPUs", asked.cpus, policy.maxCpus, "");
  check("shared memory", asked.shmBytes, policy.maxShmSize, " bytes");
  return {
    memoryBytes: asked.memoryBytes ?? policy.maxMemory,
    cpus: asked.cpus ?? policy.maxCpus,
    shmBytes: asked.shmBytes,
  };
}

const isBelow = (path: string, folder: string): boolean =>
  folder === "/" || path === folder || path.startsWith(`${folder}/`);

/** Who holds one of these holds the host. */
const engineSockets = [
  "/var/run/docker.sock",
  "/run/docker.sock",
  "/run/containerd/containerd.sock",
  "/run/podman/podman.sock",
];

/** The mounts that the volumes of an experiment become. `engine` is the Engine's address. */
export async function resolveVolumes(policy: Policy, volumes: readonly string[], engine: string): Promise<Mount[]> {
  if (volumes.length === 0) return [];
  const allowed = await Promise.all(
    policy.mounts.map(async ({ path, writable }) => ({ path: await realpathOf(path), writable })),
  );
  const own = engine.startsWith("unix://") ? [engine.slice("unix://".length)] : [];
  const sockets = await Promise.all([...engineSockets, ...own].map(async (path) => (await realpathOf(path)) ?? path));
  return Promise.all(volumes.map(async (text) => resolveOne(policy, text, { allowed, sockets })));
}

interface HostPaths {
  readonly allowed: readonly { readonly path: string | undefined; readonly writable: boolean }[];
  readonly sockets: readonly string[];
}

async function resolveOne(policy: Policy, text: string, { allowed, sockets }: HostPaths): Promise<Mount> {
  const volume = parseVolume(text);
  if (volume === undefined) throw new PolicyRefusal(`"${text}" is not a volume that can be mounted.`);
  const may = policy.mounts.map(({ path, writable }) => `${path}${writable ? " (also :rw)" : " (read only)"}`);
  const refuse = (why: string): PolicyRefusal =>
    new PolicyRefusal(
      `The volume ${text} ${why}; this host allows ${may.length === 0 ? "no mounts" : `paths below ${may.join(", ")}`}.`,
    );
  const source = await realpathOf(volume.source);
  const over = allowed.filter(({ path }) => path !== undefined && source !== undefined && isBelow(source, path));
  // The same sentence for what is missing and for what lies elsewhere: nobody learns what else this host has.
  if (source === undefined || over.length === 0) throw refuse("is not an existing path that may be mounted");
  if (volume.writable && !over.some(({ writable }) => writable)) throw refuse("may not be mounted for writing");
  const found = await stat(source);
  if (sockets.some((socket) => isBelow(socket, source)) || !(found.isDirectory() || found.isFile()))
    throw refuse("holds the Docker socket, or is neither a folder nor a file");
  return { source, target: volume.target, writable: volume.writable };
}

async function realpathOf(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch {
    return undefined; // missing, or not ours to enter: not to be mounted either way
  }
}
