// The faults, by name: what each does to the world, for how long, and how it is mended. Each marks the parts that it impairs, so
// that deadlines count only the time in which they could be kept.

import { setTimeout as sleep } from "node:timers/promises";
import type { Service } from "./service.ts";
import { lostAfter, type World } from "./world.ts";

/** After a half-open connection is mended, ms, in which everybody must have found out. */
const findOut = 25_000;
/** Time for new containers to start, ms. */
const settle = 4_000;

export interface FaultContext {
  readonly world: World;
  /** Which of several alike. */
  readonly victim: number;
  /** How long it lasts, ms. */
  readonly hold: number;
}

/** Resolves when it is over and what was ended was started again. */
export type Fault = (context: FaultContext) => Promise<void>;

function at(list: readonly Service[], index: number): Service {
  const found = list[index % list.length];
  if (found === undefined) throw new Error("no such process");
  return found;
}

async function impaired(world: World, parts: readonly string[], work: () => Promise<void>): Promise<void> {
  for (const part of parts) world.health.impair(part);
  try {
    await work();
  } finally {
    for (const part of parts) world.health.restore(part);
  }
}

async function ended(service: Service, signal: "SIGKILL" | "SIGTERM", hold: number): Promise<void> {
  await service.end(signal);
  await sleep(hold);
  service.start();
  await service.ready();
}

async function paused(service: Service, hold: number): Promise<void> {
  service.pause();
  await sleep(hold);
  service.resume();
}

/** Dies again and again, at whatever it is doing in its first seconds. */
async function crashLoop(service: Service, hold: number): Promise<void> {
  for (const share of [0.1, 0.2, 0.3, 0.4]) {
    await service.end("SIGKILL");
    service.start();
    await sleep(hold * share);
  }
  await ended(service, "SIGKILL", 0);
}

const processes = (list: (world: World) => readonly Service[], name: string): Record<string, Fault> => ({
  [`${name} killed`]: async ({ world, victim, hold }) => ended(at(list(world), victim), "SIGKILL", hold),
  [`${name} stopped`]: async ({ world, victim, hold }) => ended(at(list(world), victim), "SIGTERM", hold),
  [`${name} paused`]: async ({ world, victim, hold }) => paused(at(list(world), victim), hold),
  [`${name} crash-looped`]: async ({ world, victim, hold }) => crashLoop(at(list(world), victim), hold),
});

const postgres = (signal: "SIGQUIT" | "SIGINT"): Fault => {
  return async ({ world, hold }) =>
    impaired(world, ["postgres"], async () => {
      await world.postgres.end(signal);
      await sleep(hold);
      await world.postgres.start();
    });
};

const docker = (signal: "SIGTERM" | "SIGKILL"): Fault => {
  return async ({ world, hold }) =>
    impaired(world, ["docker"], async () => {
      const outage = { from: Date.now(), to: Infinity, containersToo: false };
      world.outages.push(outage);
      await world.engine.end(signal);
      await sleep(hold);
      await world.engine.start(true);
      outage.to = Date.now();
    });
};

/** Without live-restore an Engine that ends takes its containers with it: by itself, or killed, at its next start. */
const dockerAlone = (signal: "SIGTERM" | "SIGKILL"): Fault => {
  return async ({ world, hold }) =>
    impaired(world, ["docker"], async () => {
      const outage = { from: Date.now(), to: Infinity, containersToo: true };
      world.outages.push(outage);
      await world.engine.end("SIGTERM");
      await world.engine.start(false);
      await sleep(settle); // some are started anew
      await world.engine.end(signal);
      await sleep(hold);
      await world.engine.start(false);
      await world.engine.end("SIGTERM");
      await world.engine.start(true);
      await world.startForeign();
      outage.to = Date.now();
    });
};

type Disturbance = "cut" | "stall" | "silence" | "delay";

/** Between `ends` of the victim: the way is disturbed, and mended. */
const way = (nameOf: (world: World, victim: number) => string, disturbance: Disturbance): Fault => {
  return async ({ world, victim, hold }) => {
    const name = nameOf(world, victim);
    const proxy = world.way(name);
    await impaired(world, [name], async () => {
      if (disturbance === "delay") proxy.delay(150);
      else proxy[disturbance]();
      await sleep(hold);
      proxy.mend();
      if (disturbance === "silence") await sleep(findOut);
    });
  };
};

function ways(kind: string, nameOf: (world: World, victim: number) => string): Record<string, Fault> {
  return {
    [`${kind} cut`]: way(nameOf, "cut"),
    [`${kind} stalled`]: way(nameOf, "stall"),
    [`${kind} silent`]: way(nameOf, "silence"),
    [`${kind} slow`]: way(nameOf, "delay"),
  };
}

export const faults: Readonly<Record<string, Fault>> = {
  ...processes((world) => world.runners, "runner"),
  ...processes((world) => world.apis, "api"),
  "postgres stopped at once": postgres("SIGQUIT"),
  "postgres restarted": postgres("SIGINT"),
  "postgres crashed": async ({ world }) => impaired(world, ["postgres"], async () => world.postgres.crash()),
  "docker stopped, live-restore": docker("SIGTERM"),
  "docker killed, live-restore": docker("SIGKILL"),
  "docker stopped, no live-restore": dockerAlone("SIGTERM"),
  "docker killed, no live-restore": dockerAlone("SIGKILL"),
  ...ways("runner–postgres", (world, victim) => `${at(world.runners, victim).name}-postgres`),
  ...ways("api–postgres", (world, victim) => `${at(world.apis, victim).name}-postgres`),
  ...ways("runner–docker", (world, victim) => `${at(world.runners, victim).name}-docker`),
  ...ways("client–api", (world, victim) => `clients-${at(world.apis, victim).name}`),
  "everything killed": async ({ world, hold }) => {
    const all = [...world.apis, ...world.runners];
    await impaired(world, ["postgres"], async () => {
      await Promise.all([world.postgres.end("SIGQUIT"), ...all.map(async (one) => one.end("SIGKILL"))]);
      await sleep(hold);
      for (const one of all) one.start(); // before the database is there: they are started again until it is
      await world.postgres.start();
    });
    await Promise.all(all.map(async (one) => one.ready()));
  },
  "host lost": async ({ world, victim }) => {
    const runner = at(world.runners, victim);
    world.silent.add(runner.name);
    await ended(runner, "SIGKILL", lostAfter + 12_000);
  },
};
