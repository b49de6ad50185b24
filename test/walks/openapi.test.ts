// Every call of the OpenAPI document is made on a running system, and every answer, errors too, held against the document.
// The typed client and the examples of docs/ work on the same system.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { follow, skeduler, SkedulerError } from "../../client/index.ts";
import type { OpenApi } from "../../runtime/openapi/document.ts";
import { operations } from "../../runtime/openapi/operations.ts";
import { needPackage } from "../support/debian-package.ts";
import { Validator } from "../support/openapi.ts";
import { image, System, token } from "../support/system.ts";

let system: System;
let validator: Validator;
before(async () => {
  // Nobody listens there: what is sent is given up.
  const target = {
    name: "nobody",
    webhook: "http://127.0.0.1:1/",
    secret: `whsec_${Buffer.alloc(32).toString("base64")}`,
  };
  system = await System.start({
    SKEDULER_NOTIFICATIONS_TARGETS: JSON.stringify([target]),
    SKEDULER_NOTIFICATIONS_GIVE_UP_AFTER: "1ms",
  });
  await system.addRunner("described");
  validator = new Validator((await (await fetch(`${system.url}/openapi.json`)).json()) as OpenApi);
});
after(async () => system[Symbol.asyncDispose]());

interface Call {
  readonly id: string;
  /** What stands in the path's braces. */
  readonly at?: string;
  readonly query?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly status?: number;
  /** Its answer does not end by itself: what comes first is enough. */
  readonly endless?: boolean;
}

/** Makes the call; its answer is the status asked for and what the document says. */
async function call({
  id,
  at = "",
  query = "",
  body,
  headers = {},
  status = 200,
  endless = false,
}: Call): Promise<unknown> {
  const operation = operations.find((one) => one.id === id);
  assert.ok(operation, id);
  const response = await fetch(`${system.url}${operation.path.replace(/\{\w+\}/, at)}${query}`, {
    method: operation.method,
    headers: { Authorization: `Bearer ${token}`, ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = endless ? await firstOf(response) : await response.text();
  assert.equal(response.status, status, `${id}: ${text}`);
  assert.deepEqual(
    validator.answerFaults(id, status, response.headers.get("content-type"), text),
    [],
    `${id}: ${text}`,
  );
  return response.headers.get("content-type")?.startsWith("application/json") === true ? JSON.parse(text) : text;
}

async function firstOf({ body }: Response): Promise<string> {
  const reader = body?.getReader();
  const first = await reader?.read();
  await reader?.cancel();
  return Buffer.from(first?.value ?? []).toString();
}

const nobody = "00000000-0000-4000-8000-000000000000";

async function deadLetter(experiment: string): Promise<string> {
  for (;;) {
    const query = `?state=failed&experiment=${experiment}&limit=1`;
    const [found] = (await call({ id: "listNotifications", query })) as { id: string }[];
    if (found !== undefined) return found.id;
  }
}

test("every call answers as the document says", async () => {
  const full = {
    name: "full",
    description: "with everything",
    docker: {
      image,
      command: "echo hello",
      environment: { A: 1, B: "b", C: true },
      workdir: "/",
      user: "0",
      entrypoint: "",
    },
    metadata: { any: ["thing"] },
    resources: { gpus: 0, cpus: 0.5, memory: "64MiB", shm_size: "8MiB", host: ["described"] },
    priority: 5,
    time_limit: "5m",
    time_limit_warning: "1m",
    retries: { count: 1, on: ["exited"], backoff: "1s" },
    notify: ["nobody"],
  };
  const made = (await call({ id: "createExperiment", body: full })) as { id: string };
  const ended = await system.ended(made.id);
  assert.equal(ended.result?.exit_code, 0);
  const waiting = { name: "waiting", docker: { image }, resources: { host: "no-such-host" }, after: ["full"] };
  const [other] = (await call({ id: "createExperiment", body: [waiting] })) as [{ id: string }];
  const sweep = {
    name: "sweep",
    docker: { image, command: "echo {{n}}" },
    matrix: { n: [1, "two", true] },
    resources: { host: "no-such-host" },
  };
  const { group } = (await call({ id: "createExperiment", body: sweep })) as { group: string };

  const letter = await deadLetter(made.id);
  const calls: Call[] = [
    { id: "createExperiment", body: { name: "no image" }, status: 400 },
    { id: "listExperiments", query: "?limit=2&order=desc" },
    { id: "listExperiments" },
    { id: "listExperiments", query: "?status=NONE", status: 400 },
    { id: "getExperiment", at: made.id },
    { id: "getExperiment", at: nobody, status: 404 },
    { id: "getExperiment", at: "not-an-id", status: 400 },
    { id: "getExperiment", at: made.id, headers: { Authorization: "Bearer no" }, status: 401 },
    { id: "getExperiment", at: made.id, headers: { Origin: "http://evil.example" }, status: 403 },
    { id: "getPlacement", at: made.id },
    { id: "getPlacement", at: other.id },
    { id: "updateExperiment", at: other.id, body: { priority: -3, metadata: { x: 1 } } },
    { id: "updateExperiment", at: other.id, body: { docker: { image: "another" } }, status: 400 },
    { id: "updateExperiment", at: made.id, body: { status: "CANCELLED" }, status: 409 },
    { id: "updateExperiment", at: other.id, body: { status: "CANCELLED" } },
    { id: "listGroups" },
    { id: "getGroup", at: group },
    { id: "updateGroup", at: group, body: { status: "CANCELLED" } },
    { id: "updateGroup", at: group, body: { status: "RUNNING" }, status: 400 },
    { id: "listExperiments", query: `?group=${group}` },
    { id: "readLog", at: made.id },
    { id: "readLog", at: made.id, query: "?stream=stdout&timestamps=1&tail=1" },
    { id: "readLog", at: made.id, headers: { Range: "bytes=0-3" }, status: 206 },
    { id: "readLog", at: made.id, headers: { Range: "bytes=99999-" }, status: 416 },
    { id: "readLog", at: made.id, headers: { "If-None-Match": "*" }, status: 304 },
    { id: "tailLog", at: made.id },
    { id: "tailLog", at: made.id, query: "?ws", status: 426 },
    { id: "listEvents", query: `?experiment=${made.id}` },
    { id: "listEvents", query: "?limit=none", status: 400 },
    { id: "streamEvents", endless: true },
    { id: "listNotifications", query: "?state=failed" },
    { id: "listNotifications", query: "?state=lost", status: 400 },
    { id: "getNotification", at: letter },
    { id: "getNotification", at: nobody, status: 404 },
    { id: "resendNotification", at: letter },
    { id: "resendNotification", at: nobody, status: 404 },
    { id: "createTelegramLink", status: 409 },
    { id: "resendNotifications", body: { target: "nobody" } },
    { id: "listHosts" },
    { id: "getHost", at: "described" },
    { id: "getHost", at: "nowhere", status: 404 },
    { id: "updateHost", at: "described", body: { state: "cordoned", reason: "a look" } },
    { id: "updateHost", at: "described", body: { state: "active" } },
    { id: "updateHost", at: "described", body: { state: "off" }, status: 400 },
    { id: "deleteHost", at: "described", status: 409 },
    { id: "createSession" },
    { id: "createSession", headers: { Authorization: "Bearer no" }, status: 401 },
    { id: "deleteSession" },
    { id: "healthz" },
    { id: "readyz" },
    { id: "getMetrics" },
    { id: "getExperimentMetrics", at: made.id },
    { id: "getExperimentMetrics", at: made.id, query: "?step=0", status: 400 },
    { id: "getExperimentMetrics", at: nobody, status: 404 },
    { id: "getOpenapi" },
    { id: "getDocs" },
  ];
  for (const one of calls) await call(one);
  const unmade = operations.filter(({ id }) => !calls.some((one) => one.id === id));
  assert.deepEqual(
    unmade.map(({ id }) => id),
    [],
  );
});

test("a host that is gone is removed as the document says", async () => {
  await system.addRunner("leaving");
  await system.runners.pop()?.close();
  await system.query("update skeduler.heartbeats set seen_at = now() - interval '1 hour' where host = 'leaving'");
  assert.deepEqual(await call({ id: "deleteHost", at: "leaving" }), { name: "leaving", removed: true });
});

test("the client enqueues, follows and reads, and its types say what comes", async () => {
  const api = skeduler({ host: system.url, token });
  const { data } = await api.POST("/experiments", {
    body: { name: "by the client", docker: { image, command: "seq 1 1000" }, metadata: { from: "client" } },
  });
  assert.ok(data !== undefined && "id" in data);
  const parts: Uint8Array[] = [];
  for await (const bytes of follow(api, data.id, { stream: "stdout" })) parts.push(bytes);
  assert.equal(Buffer.concat(parts).toString(), Array.from({ length: 1000 }, (_, n) => `${n + 1}\n`).join(""));
  const ended = await api.GET("/experiments/{id}", { params: { path: { id: data.id } } });
  assert.deepEqual([ended.data?.status, ended.data?.result?.exit_code], ["FINISHED", 0]);
  const missing = await api.GET("/experiments/{id}", { params: { path: { id: nobody } } });
  assert.equal(missing.error?.code, "not_found");
  await assert.rejects(async () => {
    for await (const bytes of follow(api, nobody)) assert.fail(String(bytes));
  }, SkedulerError);
});

test("the client goes on where it was when the connection is cut", async () => {
  let cuts = 0;
  // Each answer's stream breaks off in the middle of its bytes, three times.
  const cutting: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (cuts === 3 || response.body === null) return response;
    cuts += 1;
    let left = 1_500;
    const body = response.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>(
        {
          transform: (bytes, to) => {
            to.enqueue(bytes.subarray(0, left));
            left -= bytes.length;
            if (left <= 0) to.error(new Error("cut"));
          },
        },
        undefined,
        { highWaterMark: 1 },
      ),
    );
    return new Response(body, response);
  };
  const { id } = await system.post({ command: "seq 1 2000" });
  await system.ended(id);
  const api = skeduler({ host: system.url, token, fetch: cutting });
  const parts: Uint8Array[] = [];
  for await (const bytes of follow(api, id, { pause: 1 })) parts.push(bytes);
  assert.equal(cuts, 3);
  assert.equal(Buffer.concat(parts).toString(), (await system.log(id)).toString());
});

test("the examples for curl and for Python run and exit with the experiment's exit code", async () => {
  needPackage("curl", "/usr/bin/curl");
  needPackage("python3", "/usr/bin/python3");
  const env = { ...process.env, SKEDULER_HOST: system.url, SKEDULER_TOKEN: token };
  const examples = new URL("../../docs/examples/", import.meta.url).pathname;
  for (const [program, file] of [
    ["sh", "enqueue.sh"],
    ["/usr/bin/python3", "enqueue.py"],
  ] as const) {
    const run = async (command: string, of = image): Promise<{ code: unknown; stdout: string; stderr: string }> => {
      const { promise, resolve } = Promise.withResolvers<{ code: unknown; stdout: string; stderr: string }>();
      execFile(program, [`${examples}${file}`, of, command], { env }, (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, stdout, stderr }),
      );
      return promise;
    };
    const well = await run("echo hello");
    assert.equal(well.code, 0);
    assert.match(well.stdout, /^hello$/m);
    assert.equal((await run("sh -c 'exit 7'")).code, 7);
    // What could not be run has no exit code, and a sentence.
    const never = await run("/no/such-program");
    const listed = await (await system.fetch("/experiments?order=desc&limit=1")).json();
    const [{ result }] = listed as [{ result: { message: string } }];
    assert.match(result.message, /"\/no\/such-program"/);
    assert.deepEqual([never.code, never.stderr], [1, `${result.message}\n`]);
    const quoted = await run(`printf '%s|' "two  words" '"' 'a\tb' '\\' '1\n2'`);
    assert.ok(quoted.stdout.includes('two  words|"|a\tb|\\|1\n2|'), quoted.stdout + quoted.stderr);
    const refused = await run("true", 'no "image" like this');
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^[^{}]*docker\.image[^{}]*\n$/);
  }
});
