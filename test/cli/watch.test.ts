// ls --watch -n: what changes once something was shown is shown, however soon.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ask } from "../../runtime/cli/client.ts";
import type { Session } from "../../runtime/cli/session.ts";
import { watch } from "../../runtime/cli/watch.ts";

const experiment = (id: string, day: number) => ({
  id,
  name: id,
  description: "",
  docker: { image: "busybox", command: "", environment: {} },
  created_at: `2026-01-0${day}T00:00:00.000000Z`,
  updated_at: `2026-01-0${day}T00:00:00.000000Z`,
  status: "ENQUEUED",
  resources: {},
  priority: 0,
  time_limit: null,
  time_limit_warning: null,
  retries: null,
  retried: 0,
  not_before: null,
  after: [],
  notify: null,
  group: null,
  owner: null,
  host: null,
  started_at: null,
  ended_at: null,
  result: null,
  attempt: null,
});

test("an old one that changes as soon as the newest are shown is shown", async () => {
  const old = experiment("old", 1);
  const newest = experiment("newest", 2);
  const shown: string[] = [];
  let asked = 0;
  const over = new Error("over");
  const session = {
    json: false,
    client: {
      text: async (_method: string, _path: string, { query }: Ask): Promise<string> => {
        asked += 1;
        if (asked > 3) return Promise.reject(new Error("it was not shown"));
        const since = String(query?.["updated_since"] ?? "");
        return Promise.resolve(
          JSON.stringify(since === "" ? [newest] : [old, newest].filter((one) => one.updated_at >= since)),
        );
      },
    },
    out: {
      isTerminal: false,
      write: async (text: string): Promise<void> => {
        shown.push(text.trim());
        old.updated_at = "2026-01-03T00:00:00.000000Z";
        return text.startsWith("old") ? Promise.reject(over) : Promise.resolve();
      },
    },
  };
  await assert.rejects(watch(session as unknown as Session, {}, { limit: 1, quiet: true }), over);
  assert.deepEqual(shown, ["newest", "old"]);
});
