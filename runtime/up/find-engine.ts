// Finds a Docker Engine that answers: the one that was named, else the usual sockets in order.
// A named one (configuration, DOCKER_HOST) that does not answer is never replaced by another: the user meant that one.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { askEngine } from "./engine-http.ts";

export interface NoEngine {
  readonly none: true;
  /** An Engine of some kind, Docker or Podman, is on this machine: nothing may be installed beside it. */
  readonly installed: boolean;
  /** A sentence: what was tried and what came of it. */
  readonly reason: string;
}

export type FoundEngine = { readonly host: string } | NoEngine;

/** `configured` wins over `DOCKER_HOST`, which wins over the sockets of this machine. */
export async function findEngine(configured?: string): Promise<FoundEngine> {
  const named = present(configured) ?? present(process.env["DOCKER_HOST"]);
  if (named !== undefined) {
    const trouble = await whyNot(named);
    if (trouble === undefined) return { host: named };
    const who = present(configured) === undefined ? "that DOCKER_HOST names" : "that the configuration names";
    return { none: true, installed: true, reason: `the Docker Engine ${who}, ${named}, ${trouble}` };
  }
  const found: string[] = [];
  for (const path of usualSockets()) {
    if (!existsSync(path)) continue;
    const trouble = await whyNot(`unix://${path}`);
    if (trouble === undefined) return { host: `unix://${path}` };
    found.push(`${path} ${trouble}`);
  }
  const binary = engineBinary();
  const installed = found.length > 0 || binary !== undefined || podmanSockets().some((path) => existsSync(path));
  if (found.length > 0) return { none: true, installed, reason: found.join("; ") };
  if (binary !== undefined) return { none: true, installed, reason: `${binary} is installed but no Engine is running` };
  return {
    none: true,
    installed,
    reason: installed ? "only a Podman socket was found" : "no Docker Engine is installed",
  };
}

/** The first binary of an Engine on the PATH or in the places where distributions put one. */
export function engineBinary(names: readonly string[] = ["dockerd", "podman"]): string | undefined {
  const folders = [
    ...(process.env["PATH"] ?? "").split(delimiter),
    "/usr/sbin",
    "/usr/bin",
    "/usr/local/sbin",
    "/usr/local/bin",
  ];
  const places = folders.filter((folder) => folder !== "").flatMap((folder) => names.map((name) => join(folder, name)));
  return places.find((place) => existsSync(place));
}

function usualSockets(): string[] {
  const runtime = present(process.env["XDG_RUNTIME_DIR"]);
  return [
    "/var/run/docker.sock",
    ...(runtime === undefined ? [] : [join(runtime, "docker.sock")]),
    join(homedir(), ".docker/run/docker.sock"),
  ];
}

function podmanSockets(): string[] {
  const runtime = present(process.env["XDG_RUNTIME_DIR"]);
  return ["/run/podman/podman.sock", ...(runtime === undefined ? [] : [join(runtime, "podman/podman.sock")])];
}

/** Undefined when the Engine answers, else the end of a sentence. */
async function whyNot(host: string): Promise<string | undefined> {
  try {
    const answer = await askEngine(host, "GET", "/_ping");
    return answer.status === 200 ? undefined : `answers with HTTP status ${answer.status}`;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "EACCES") return "may not be used by this user (add the user to the group docker, and log in again)";
    if (code === "ECONNREFUSED" || code === "ENOENT") return "does not answer (is the Engine started?)";
    return `does not answer: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function present(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : text;
}
