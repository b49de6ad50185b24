// Servers that are none of ours, or whose TLS is wrong: each told as what it is, with an exit code that says nothing of experiments.

import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { Home, type Ended } from "../support/cli.ts";
import { expired, key, others, own, signed } from "../support/certificates.ts";

/** What the words end with while this server is the one in use. */
async function asking(
  server: Server,
  words: readonly string[],
  { scheme = "http", trusted }: { scheme?: string; trusted?: string } = {},
): Promise<Ended> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  using home = new Home({ url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`, token: "t" });
  const file = join(home.folder, "trusted.pem");
  if (trusted !== undefined) writeFileSync(file, trusted);
  try {
    return await home.run(words, { env: trusted === undefined ? {} : { NODE_EXTRA_CA_CERTS: file } });
  } finally {
    server.close();
  }
}

const id = "0190f3a1-0000-7000-8000-000000000000";
const answering =
  (status: number, body: string): RequestListener =>
  (_, answer) =>
    answer.writeHead(status).end(body);

for (const [status, body] of [
  [404, "<h1>Not Found</h1>"],
  [404, '{"error": "Not Found", "status": 404}'],
  [401, "Unauthorized"],
  [403, '{"message": "Forbidden"}'],
] as const)
  test(`${status} ${body} is not ours, and says nothing of what there is`, async () => {
    const { code, out, err } = await asking(createServer(answering(status, body)), ["show", id]);
    assert.deepEqual([code, out], [5, ""]);
    assert.match(
      err,
      new RegExp(`^skeduler: http://\\S+ \\(from [^)]+\\) answered ${status}, and not as Skeduler does`),
    );
  });

test("what a server says is shown without what a terminal would obey", async () => {
  const body = JSON.stringify({ error: "no \x1b[2Jname\u009b1m\nbelow", code: "not_found" });
  const { code, err } = await asking(createServer(answering(404, body)), ["show", id]);
  assert.deepEqual([code, err], [3, "skeduler: no ·[2Jname·1m\nbelow\n"]);
  const twins = JSON.stringify([
    { id: id.replace("0190", "0191"), name: "a\x1b[2J" },
    { id, name: "b" },
  ]);
  const ambiguous = await asking(createServer(answering(200, twins)), ["show", "0190"]);
  assert.equal(ambiguous.code, 1);
  assert.match(ambiguous.err, / \(a·\[2J\), /);
});

const troubles: readonly [what: string, cert: string | undefined, sentence: RegExp, trusted?: string][] = [
  ["self-signed", own, /DEPTH_ZERO_SELF_SIGNED_CERT, its certificate is not trusted here: NODE_EXTRA_CA_CERTS=FILE/],
  ["signed by nobody known", signed, /UNABLE_TO_VERIFY_LEAF_SIGNATURE, its certificate is not trusted here/],
  ["expired", expired, /CERT_HAS_EXPIRED, its certificate has expired\.\n$/, expired],
  ["another name's", others, /ERR_TLS_CERT_ALTNAME_INVALID, its certificate is another name's/, others],
  ["no TLS at all", undefined, /it does not speak TLS: is it http:\/\/127\.0\.0\.1:\d+\?\n$/],
];
for (const [what, cert, sentence, trusted] of troubles)
  test(`TLS, ${what}: told as that, and nobody is asked whether it runs`, async () => {
    const answer = answering(200, "[]");
    const server = cert === undefined ? createServer(answer) : createTlsServer({ key, cert }, answer);
    const ended = await asking(server, ["ls"], { scheme: "https", ...(trusted !== undefined && { trusted }) });
    assert.equal(ended.code, 5);
    assert.match(ended.err, /^skeduler: https:\S+ \(from [^)]+\) cannot be reached: /);
    assert.match(ended.err, sentence);
    assert.doesNotMatch(ended.err, /skeduler up/);
  });

test("TLS with a certificate that is trusted", async () => {
  const server = createTlsServer({ key, cert: own }, answering(200, "[]"));
  assert.equal((await asking(server, ["ls"], { scheme: "https", trusted: own })).code, 0);
});
