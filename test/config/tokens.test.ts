// The generated token: made once, kept for its owner alone, used ever after; never where tokens are configured.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ensureTokens } from "../../runtime/config/tokens.ts";

test("a token is generated once and kept", () => {
  const folder = mkdtempSync(join(tmpdir(), "skeduler-token-"));
  const data = join(folder, "data");
  const made: string[] = [];
  const first = ensureTokens({ tokens: [], data }, (token) => made.push(token));
  assert.match(first[0]?.token ?? "", /^sk_[\w-]{43}$/);
  assert.deepEqual(
    ensureTokens({ tokens: [], data }, (token) => made.push(token)),
    first,
  );
  assert.deepEqual(made, [first[0]?.token]);
  assert.deepEqual(readdirSync(data), ["token"]);
  assert.equal(statSync(join(data, "token")).mode & 0o777, 0o600);
  const configured = [{ name: "ada", token: "x" }];
  assert.equal(ensureTokens({ tokens: configured, data: join(folder, "unused") }), configured);
  assert.deepEqual(readdirSync(folder), ["data"]);
  rmSync(folder, { recursive: true });
});
