// An answer that breaks off in its middle is a server that cannot be reached: a sentence and its exit code, whichever verb reads it.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { Home } from "../support/cli.ts";

const id = "0190f3a1-0000-7000-8000-000000000000";
// Says that more comes than does.
const server = createServer((_request, answer) => {
  answer.writeHead(200, { "Content-Length": 1000 });
  answer.write("[", () => answer.destroy());
});
let home: Home;
before(async () => {
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  home = new Home({ url: `http://127.0.0.1:${port}`, token: "t" });
});
after(() => {
  home[Symbol.dispose]();
  server.close();
});

const asked: readonly (readonly string[])[] = [
  ["logs", id],
  ["logs", "-f", id],
  ["ls"],
  ["ls", "--json"],
  ["ls", "--json", "-n", "5"],
  ["show", id],
  ["api", "/experiments"],
];
for (const words of asked) {
  test(`an answer that is cut off: ${words.join(" ")}`, async () => {
    const { code, err } = await home.run(words);
    assert.equal(code, 5, err);
    assert.match(
      err,
      /^skeduler: http:\/\/\S+ \(from .*\) cannot be reached: ECONNRESET, the connection was cut\. [^\n]+\n$/,
    );
  });
}
