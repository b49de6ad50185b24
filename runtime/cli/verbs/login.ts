// skeduler login: asks for what it was not told, tries the token, keeps both. A token is read from the terminal without showing
// it, or from stdin; never from the command line, where others could see it.

import { z } from "zod";
import { UserError } from "../../errors.ts";
import { checked, Client } from "../client.ts";
import { contextsFile, saveContext } from "../contexts.ts";
import { usage } from "../exit-codes.ts";
import { ask } from "../question.ts";
import { readText } from "../read-text.ts";
import type { Options, Session, Verb } from "../session.ts";
import { addressOf } from "../target.ts";

/** Where `skeduler up` listens. */
const usual = "http://localhost:8080";

const session = z.object({ owner: z.string() });

export const run: Verb["run"] = async (asking, [address], options: Options & { name?: string }) => {
  const { env, say } = asking;
  const host = addressOf(address ?? (await askAddress(asking)));
  const token = (await askToken(asking, host)).trim();
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

async function askAddress({ err }: Session): Promise<string> {
  if (!process.stdin.isTTY) throw new UserError("Say which server: `skeduler login ADDRESS`.", { exitCode: usage });
  const answer = await ask(`The server's address [${usual}]: `, { output: err.stream });
  if (answer === undefined) throw new UserError("No server was given.", { exitCode: usage });
  return answer.trim() || usual;
}

/** "" where none was given. */
async function askToken({ err }: Session, host: string): Promise<string> {
  if (!process.stdin.isTTY) return readText("-");
  return (await ask(`The token for ${host}: `, { output: err.stream, hidden: true })) ?? "";
}
