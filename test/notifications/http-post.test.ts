// What a receiver says of a failure is told, without the address that it may repeat.

import assert from "node:assert/strict";
import { test } from "node:test";
import { post } from "../../runtime/notifications/http-post.ts";
import { Receiver } from "../support/receiver.ts";

/** What the fault says where the receiver answers this to a post to that path. */
async function said(path: string, body: (url: string) => string): Promise<string> {
  await using receiver = await Receiver.start();
  const url = receiver.url + path;
  receiver.answering = () => ({ status: 404, body: body(url) });
  try {
    await post(url, "{}", {}, AbortSignal.timeout(10_000));
  } catch (error) {
    assert.ok(error instanceof Error);
    return error.message;
  }
  throw new Error("it was taken");
}

const path = "/services/T0/B%C3%A4%C3%A4%C3%A4%C3%A4/s3cr3t-of-it?key=k3y-of-it%21";

test("the address, its path, and each part that may be a secret, as written and decoded", async () => {
  assert.equal(await said(path, (url) => `no POST ${url}, ${path}`), "It answered 404: no POST ***, ***");
  assert.equal(await said(path, () => "no /services/T0/Bääää/s3cr3t-of-it here"), "It answered 404: no *** here");
  assert.equal(await said(path, () => "s3cr3t-of-it T0 k3y-of-it! k3y-of-it%21"), "It answered 404: *** T0 *** ***");
});

test("what is cut off in its middle is not shown; other words are", async () => {
  const long = await said(path, () => `${path} `.repeat(100)); // of which 2,048 bytes are read
  assert.equal(long, `It answered 404: ${"*** ".repeat(Math.floor(2048 / (path.length + 1))).trim()}`);
  assert.equal(await said("/", () => "no such channel /"), "It answered 404: no such channel /");
});
