// Which server a verb talks to and with which token: --context, else SKEDULER_HOST and SKEDULER_TOKEN, else the context in use,
// else ~/.skeduler.json. A token is only ever sent to the server that it was kept for.

import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { contextsFile, homeOf, readContexts, readJsonFile, type Environment } from "./contexts.ts";
import { denied, failed } from "./exit-codes.ts";

export interface Target {
  /** An address without a slash at its end. */
  readonly host: string;
  readonly token: string;
  /** Where it was found, for messages. */
  readonly from: string;
}

const oldFile = z.object({ host: z.string(), token: z.string() });

/** Throws a UserError that says how to log in. */
export function findTarget(env: Environment, asked: { readonly context?: string | undefined }): Target {
  const name = asked.context ?? nonEmpty(env["SKEDULER_CONTEXT"]);
  if (name !== undefined) return named(env, name);
  const [host, token] = [nonEmpty(env["SKEDULER_HOST"]), nonEmpty(env["SKEDULER_TOKEN"])];
  if (host !== undefined && token !== undefined)
    return { host: addressOf(host), token, from: "SKEDULER_HOST and SKEDULER_TOKEN" };
  const kept = inUse(env);
  if (host !== undefined) {
    const address = addressOf(host);
    const same = [kept, ...all(env)].find((one) => one?.host === address);
    if (same !== undefined) return same;
    throw new UserError(`SKEDULER_HOST is ${address}, for which no token is known: set SKEDULER_TOKEN too.`, {
      exitCode: denied,
    });
  }
  if (kept === undefined)
    throw new UserError(
      `You are not logged in: \`skeduler login http://HOST:8080\`, or set SKEDULER_HOST and SKEDULER_TOKEN. To try it out on this machine: \`skeduler up\`.`,
      { exitCode: denied },
    );
  return token === undefined ? kept : { ...kept, token, from: `${kept.from} and SKEDULER_TOKEN` };
}

function named(env: Environment, name: string): Target {
  const { contexts } = readContexts(env);
  const context = contexts[name];
  if (context !== undefined) return { ...context, from: `context ${name}` };
  const names = Object.keys(contexts);
  const known = names.length === 0 ? "none is kept yet" : `there are ${names.join(", ")}`;
  throw new UserError(`There is no context "${name}" in ${contextsFile(env)}; ${known}.`, { exitCode: failed });
}

function inUse(env: Environment): Target | undefined {
  const { current } = readContexts(env);
  if (current !== null) return named(env, current);
  const file = join(homeOf(env), ".skeduler.json");
  const old = readJsonFile(file, oldFile);
  return old && { host: addressOf(old.host), token: old.token, from: file };
}

function all(env: Environment): Target[] {
  return Object.keys(readContexts(env).contexts).map((name) => named(env, name));
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

/** "gpu.example.org:8080" → "http://gpu.example.org:8080". */
export function addressOf(text: string): string {
  const written = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.parse(written);
  if (url === null || !["http:", "https:"].includes(url.protocol) || url.username !== "" || url.search !== "")
    throw new UserError(`"${text}" is not the address of a server, such as http://localhost:8080.`);
  return url.href.replace(/\/+$/, "");
}
