// A hundred tails, by websocket and by HTTP, that stop reading a large log: what they cost the API in memory, and whether a
// client that reads is served meanwhile as without them.

import { connect } from "node:net";
import { fetchBytes } from "./frame/fetch-bytes.ts";
import { report } from "./frame/figure.ts";
import { token } from "./frame/process.ts";
import { sized } from "./frame/rounds.ts";
import { storeLog } from "./frame/stored-log.ts";
import { tail } from "./frame/websocket.ts";
import { createWorld } from "./frame/world.ts";

const clients = sized(100, 20);
await using world = await createWorld();
const large = await storeLog(world.sql, sized(26_000_000, 1_000_000));
const small = await storeLog(world.sql, 100_000);
const read = async (): Promise<number> => (await fetchBytes(`${world.api.url}/logs/${small.experiment}`)).ms;

for (let n = 0; n < 5; n += 1) await read(); // a warm-up
const alone = [await read(), await read(), await read()];
const before = world.api.memory();
world.api.forgetMost();
const { hostname, port } = new URL(world.api.url);
const sockets = Array.from({ length: clients }, (_, n) => {
  if (n % 2 === 0) {
    const { socket, opened } = tail(world.api.url, large.experiment);
    opened.then(
      () => socket.pause(),
      () => undefined,
    );
    return socket;
  }
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(`GET /logs/${large.experiment}/tail HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${token}\r\n\r\n`);
  socket.pause();
  return socket;
});
await new Promise((resolve) => setTimeout(resolve, sized(10_000, 2_000))); // as long as it takes to fill what can be filled
const beside = [await read(), await read(), await read()];
const most = world.api.memory("most") - before;
for (const socket of sockets) socket.destroy();

const size = `${(large.bytes / 1e9).toPrecision(2)} GB`;
report({
  name: `${clients} clients that stopped reading ${size}, memory of all`,
  unit: "MiB",
  values: [most],
  goal: { atMost: 100 },
});
report({
  name: "another client reads 3.9 MB meanwhile",
  unit: "ms",
  values: beside,
  limit: { name: "without them", values: alone },
});
