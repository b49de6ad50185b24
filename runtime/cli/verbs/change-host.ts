// skeduler cordon, drain, activate: whether hosts take new experiments. What runs goes on; drain --wait stays until it is done.

import { setTimeout as sleep } from "node:timers/promises";
import { checked } from "../client.ts";
import { each } from "../each.ts";
import { jsonLine } from "../json-line.ts";
import { patiently } from "../patience.ts";
import type { Options, Session, Verb } from "../session.ts";
import { StatusLine } from "../status-line.ts";
import { plain, plural } from "../text.ts";
import { host } from "../wire.ts";

interface ChangeOptions {
  readonly reason?: string;
  readonly wait?: boolean;
}

const askEvery = 2_000;
const patience = 60_000;

const sentences = {
  cordoned: "takes nothing new; what runs there goes on",
  draining: "takes nothing new and is to become empty",
  active: "takes experiments again",
} as const;

export function changeHost(state: keyof typeof sentences): Verb["run"] {
  return async (session, names, options: Options & ChangeOptions) => {
    const { client, out, json } = session;
    const changed: string[] = [];
    const code = await each(session, names, async (name) => {
      const path = pathOf(name);
      const body = JSON.stringify({ state, reason: options.reason });
      const text = await client.text("PUT", path, { body });
      const { running } = checked(host, text, path);
      const still = state !== "active" && running > 0 ? ` (${plural(running, "experiment")} there)` : "";
      await out.write(json ? jsonLine(text) : `${plain(name)} ${sentences[state]}${still}\n`);
      changed.push(name);
    });
    if (options.wait === true) for (const name of changed) await untilEmpty(session, name);
    return code;
  };
}

async function untilEmpty({ client, err }: Session, name: string): Promise<void> {
  const status = new StatusLine(err);
  try {
    for (;;) {
      const { running } = await patiently(patience, async () => client.get(host, pathOf(name)));
      if (running === 0) return;
      if (err.isTerminal) status.set(`${name}: ${plural(running, "experiment")} to go`);
      await sleep(askEvery);
    }
  } finally {
    status.set(undefined);
  }
}

function pathOf(name: string): string {
  return `/hosts/${encodeURIComponent(name)}`;
}
