// skeduler api PATH: one call with the token, its answer as it comes. The exit code says whether it was a success.

import { validateHeaderName, validateHeaderValue } from "node:http";
import { UserError } from "../../errors.ts";
import { failed, usage } from "../exit-codes.ts";
import { readText } from "../read-text.ts";
import type { Options, Verb } from "../session.ts";

interface ApiOptions {
  readonly method?: string;
  readonly data?: string;
  readonly header?: readonly string[];
  readonly include?: boolean;
}

export const run: Verb["run"] = async ({ client, out }, [path = ""], options: Options & ApiOptions) => {
  const { data, header = [] } = options;
  const body = data?.startsWith("@") === true ? await readText(data.slice(1)) : data;
  const headers = Object.fromEntries(header.map(headerOf));
  const method = options.method?.toUpperCase() ?? (body === undefined ? "GET" : "POST");
  const answer = await client.ask(method, path.startsWith("/") ? path : `/${path}`, {
    headers,
    ...(body !== undefined && { body }),
  });
  if (options.include === true) {
    await out.write(`${answer.statusCode ?? 0} ${answer.statusMessage ?? ""}\n`);
    for (const [name, value] of Object.entries(answer.headers)) await out.write(`${name}: ${String(value)}\n`);
    await out.write("\n");
  }
  for await (const part of client.bytesOf(answer)) await out.write(part);
  if (out.isTerminal) await out.write("\n");
  return (answer.statusCode ?? 500) < 400 ? 0 : failed;
};

function headerOf(line: string): [name: string, value: string] {
  const [name = "", value = "\n"] = line.split(/:\s*(.*)/s); // without a colon: no value that would pass
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch (cause) {
    throw new UserError(`-H ${line}: a header is written 'Name: value'.`, { exitCode: usage, cause });
  }
  return [name, value];
}
