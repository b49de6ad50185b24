// How long `skeduler api` takes to be ready, from the shell's start of it, on a database that is up to date.

import { createTestDatabase } from "../test/support/database.ts";
import { report } from "./frame/figure.ts";
import { Skeduler } from "./frame/process.ts";
import { inTurn, sized } from "./frame/rounds.ts";

const database = await createTestDatabase();
const start = async (): Promise<number> => {
  await using api = await Skeduler.start("api", database.url);
  return api.readyMs;
};
await start(); // the compiled code is kept from the first time on
const { api } = await inTurn({ api: start }, sized(9, 2));
await database.drop();
report({ name: "skeduler api, ready", unit: "ms", values: api, goal: { atMost: 700 } });
