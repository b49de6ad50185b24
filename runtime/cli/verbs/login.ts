// skeduler login: asks for what it was not told, tries the token, keeps both. A token is read from the terminal without showing
// it, or from stdin; never from the command line, where others could see it.

import { createInterface } from "node:readline/promises";
import { text as readAll } from "node:stream/consumers";
import { Writable } from "node:stream";
import { z } from "zod";
import { UserError } from "../../errors.ts";
import { checked, Client } from "../client.ts";
import { contextsFile, saveContext } from "../contexts.ts";
import { usage } from "../exit-codes.ts";
import type { Options, Session, Verb } from "../session.ts";
import { addressOf } from "../target.ts";

const session = z.object({ owner: z.string() });

export const run: Verb["run"] = async (asking, [address], options: Options & { name?: string }) => {
  const { env, say } = asking;
  const host = addressOf(
    address ?? (await ask(asking, "The server's address [http://localhost:8080]: ")) ?? "localhost:8080",
  );
  const token = (await secret(asking, `The token for ${host}: `)).trim();
  if (token === "") throw new UserError("No token was given.", { exitCode: usage });
  const client = new Client({ host, token, from: "this login" });
  const { owner } = checked(session, await client.text("POST", "/session"), "/session");
  const name = options.name ?? URL.parse(host)?.hostname ?? host;
  saveContext(env, name, { host, token }, { use: true });
  say(`Logged in to ${host} as ${owner}; kept as the context ${name} in ${contextsFile(env)}.`);
  if (host.startsWith("http:") && !/^http:\/\/(localhost|127\.|\[::1\])/.test(host))
    say("Without https the token can be read on the network between: use it only where you trust that.");
  return 0;
};

/** Undefined where there is no terminal, or nothing was typed. */
async function ask({ err }: Session, question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY) throw new UserError("Say which server: `skeduler login ADDRESS`.", { exitCode: usage });
  const terminal = createInterface({ input: process.stdin, output: err.stream });
  try {
    const answer = (await terminal.question(question)).trim();
    return answer === "" ? undefined : answer;
  } finally {
    terminal.close();
  }
}

async function secret({ err }: Session, question: string): Promise<string> {
  if (!process.stdin.isTTY) return readAll(process.stdin);
  err.stream.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  const left = Promise.withResolvers<never>();
  terminal.once("SIGINT", () => left.reject(new UserError("No token was given.")));
  try {
    return await Promise.race([terminal.question(""), left.promise]);
  } finally {
    terminal.close();
    err.stream.write("\n");
  }
}
