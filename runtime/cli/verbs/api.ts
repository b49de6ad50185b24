// skeduler api PATH: one call with the token, its answer as it comes. The exit code says whether it was a success.

import { readText } from "../describe-experiment.ts";
import { failed } from "../exit-codes.ts";
import type { Options, Verb } from "../session.ts";

interface ApiOptions {
  readonly method?: string;
  readonly data?: string;
  readonly header?: readonly string[];
  readonly include?: boolean;
}

export const run: Verb["run"] = async ({ client, out }, [path = ""], options: Options & ApiOptions) => {
  const { data, header = [] } = options;
  const body = data?.startsWith("@") === true ? readText(data.slice(1)) : data;
  const headers = Object.fromEntries(
    header.map((line) => {
      const [name = "", value = ""] = line.split(/:\s*(.*)/s);
      return [name, value];
    }),
  );
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
