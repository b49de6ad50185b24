// Placement on a real Engine with stub GPUs: two hosts with four each, who gets which, who waits for what and why.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { z } from "zod";
import { beginPlacement } from "../../runtime/database/statements/placement.ts";
import { image, System } from "../support/system.ts";

let system: System;

function stubGpus(host: string, memoryMiB: number): string {
  return [0, 1, 2, 3]
    .map((n) => `${n}, GPU-${host}-${n}, NVIDIA A100-SXM4-${memoryMiB / 1024}GB, ${memoryMiB}`)
    .join("\n");
}

before(async () => {
  system = await System.start();
  process.env["STUB_GPUS"] = stubGpus("small", 40960);
  await system.addRunner("small", { SKEDULER_RUNNER_SLOTS: "8", SKEDULER_RUNNER_STOP_GRACE: "1s" });
  process.env["STUB_OTHER_GPUS"] = process.env["STUB_GPUS"];
  process.env["STUB_GPUS"] = stubGpus("large", 81920);
  await system.addRunner("large", { SKEDULER_RUNNER_SLOTS: "8", SKEDULER_RUNNER_STOP_GRACE: "1s" });
});
after(async () => system[Symbol.asyncDispose]());

const placement = z.object({
  status: z.string(),
  position: z.number().nullable(),
  message: z.string(),
  estimated_start: z.string().nullable(),
  reservation: z.object({ host: z.string(), gpus: z.array(z.string()) }).nullable(),
  hosts: z.array(z.object({ host: z.string(), fits: z.boolean(), rule: z.string().nullable(), message: z.string() })),
});

async function why(id: string): Promise<z.infer<typeof placement>> {
  const response = await system.fetch(`/experiments/${id}/placement`);
  assert.equal(response.status, 200);
  return placement.parse(await response.json());
}

/** Resolves when every released GPU has been looked at: until then it is not free. */
async function allChecked(): Promise<void> {
  for (;;) {
    const { rows } = await system.query(
      "select not exists (select from skeduler.withheld_gpus) as checked, pg_sleep(0.05)",
    );
    if (rows[0]?.["checked"] === true) return;
  }
}

const visible = "echo $NVIDIA_VISIBLE_DEVICES";

async function seen(id: string): Promise<string[]> {
  const { status, result } = await system.ended(id);
  assert.deepEqual([status, result?.exit_code], ["FINISHED", 0]);
  const text = (await system.log(id, "?stream=stdout")).toString().trim();
  return text === "void" ? [] : text.split(",");
}

test("what is asked for is what is seen: counts, models, memory, none", async () => {
  const post = async (resources: object): Promise<string> => (await system.postScript(visible, { resources })).id;
  const [one, two, big, none, named] = await Promise.all([
    post({}),
    post({ gpus: 2 }),
    post({ gpus: 3, gpu_memory: "60GiB" }),
    post({ gpus: 0 }),
    post({ gpu_model: "*a100*40gb" }),
  ]);
  assert.equal((await seen(one)).length, 1);
  assert.equal((await seen(two)).length, 2);
  assert.match((await seen(big)).join(), /^(GPU-large-\d,){2}GPU-large-\d$/);
  assert.deepEqual(await seen(none), []);
  assert.match((await seen(named)).join(), /^GPU-small-\d$/);
});

test("CPUs, memory and shared memory are limits of the container", async () => {
  const script = "cat /sys/fs/cgroup/cpu.max /sys/fs/cgroup/cpu/cpu.cfs_quota_us; df -k /dev/shm | tail -1";
  const { id } = await system.postScript(`(${script}) 2>/dev/null; true`, {
    resources: { gpus: 0, cpus: 0.5, shm_size: "96MiB" },
  });
  await system.ended(id);
  const log = (await system.log(id, "?stream=stdout")).toString();
  assert.match(log, /^50000\b/m);
  assert.match(log, /\b98304\b/);
});

test("what no host could ever run waits, says so, and holds up nobody", async () => {
  const never = await system.postScript("true", { resources: { gpus: 5 }, priority: 100 });
  const next = await system.postScript("true", { resources: { gpus: 1 } });
  assert.equal((await system.ended(next.id)).status, "FINISHED");
  const answer = await why(never.id);
  assert.deepEqual(
    answer.hosts.map(({ host, fits, rule, message }) => [host, fits, rule, message]),
    [
      ["large", false, "gpus", "needs 5 GPUs, has 4"],
      ["small", false, "gpus", "needs 5 GPUs, has 4"],
    ],
  );
  assert.equal(
    answer.message,
    "No registered host could ever run it: large needs 5 GPUs, has 4; small needs 5 GPUs, has 4.",
  );
  assert.deepEqual([answer.position, answer.estimated_start], [1, null]);
  await system.put(never.id, { status: "CANCELLED" });
});

test("a sweep of 1,500 that cannot run now holds up nobody behind it, and each knows its place", async () => {
  const sweep = {
    name: "nowhere",
    docker: { image, command: "true {{n}}" },
    resources: { host: "nowhere" },
    matrix: { n: Array.from({ length: 1500 }, (_, n) => n) },
  };
  const response = await system.fetch("/experiments", { method: "POST", body: JSON.stringify(sweep) });
  const { group, experiments } = (await response.json()) as { group: string; experiments: { id: string }[] };
  const next = await system.postScript("true", { resources: { gpus: 1 } });
  assert.equal((await system.ended(next.id)).status, "FINISHED");
  assert.equal((await why(experiments[1499]?.id ?? "")).position, 1500);
  await system.fetch(`/groups/${group}`, { method: "PUT", body: JSON.stringify({ status: "CANCELLED" }) });
});

test("what only a cordoned host could run says so", async () => {
  const cordon = async (state: string): Promise<unknown> =>
    system.fetch("/hosts/large", { method: "PUT", body: JSON.stringify({ state, reason: "new fans" }) });
  await cordon("cordoned");
  const { id } = await system.postScript("true", { resources: { gpu_memory: "60GiB" } });
  assert.equal((await why(id)).message, "No host that could run it can take it now: large is cordoned: new fans.");
  await cordon("active");
  await system.ended(id);
});

test("the first that waits is reserved for, a short one may go before it, a long one may not", async () => {
  const started = async (id: string): Promise<unknown> => system.until(id, (e) => e.attempt?.started_at != null);
  const long = await system.postScript("trap 'exit 0' TERM; sleep 600 & wait", {
    resources: { gpus: 3, host: "large" },
    time_limit: "10m",
  });
  await started(long.id);
  const whole = await system.postScript(visible, { resources: { gpus: 4, host: "large" } });
  const unlimited = await system.postScript(visible, { resources: { gpus: 1, host: "large" } });
  const short = await system.postScript(visible, { resources: { gpus: 1, host: "large" }, time_limit: "5m" });
  assert.equal((await seen(short.id)).length, 1);
  await allChecked();
  const waits = await why(whole.id);
  assert.deepEqual([waits.position, waits.reservation?.host, waits.reservation?.gpus.length], [1, "large", 4]);
  assert.match(waits.message, /^It is the next to start, on large/);
  const behind = await why(unlimited.id);
  assert.equal(behind.position, 2);
  const [large] = behind.hosts;
  assert.ok(large?.rule === "reserved");
  assert.match(large.message, new RegExp(`reserved for ${whole.id} from about \\d\\d:\\d\\d UTC$`));
  await system.put(long.id, { status: "CANCELLED" });
  assert.equal((await seen(whole.id)).length, 4);
  assert.equal((await seen(unlimited.id)).length, 1);
});

test("priority goes first, and can be changed while it waits", async () => {
  const held = await Promise.all(
    ["small", "large"].map(async (host) => system.postScript("sleep 600", { resources: { gpus: 4, host } })),
  );
  await Promise.all(held.map(async ({ id }) => system.until(id, (e) => e.attempt?.started_at != null)));
  const ask = { resources: { gpus: 4, host: "small" } };
  const low = await system.postScript(visible, { ...ask, priority: -1 });
  const middle = await system.postScript(visible, ask);
  const high = await system.postScript(visible, { ...ask, priority: 7 });
  assert.deepEqual(
    [(await why(low.id)).position, (await why(middle.id)).position, (await why(high.id)).position],
    [3, 2, 1],
  );
  await system.put(low.id, { priority: 8 });
  assert.equal((await why(low.id)).position, 1);
  await Promise.all(held.map(async ({ id }) => system.put(id, { status: "CANCELLED" })));
  const ends = await Promise.all(
    [low, high, middle].map(async ({ id }) => (await system.ended(id)).attempt?.started_at),
  );
  assert.deepEqual(ends, ends.toSorted());
});

test("the time limit stops it, counted from its start, and says so", async () => {
  const { id } = await system.postScript("trap 'echo bye; exit 3' TERM; echo up; sleep 60 & wait", {
    time_limit: "3s", // what a busy machine may need until the shell has set its trap
    resources: { gpus: 0 },
  });
  const { status, result } = await system.ended(id);
  assert.deepEqual([status, result?.reason, result?.exit_code], ["CANCELLED", "time_limit", 3]);
  assert.match(result?.message ?? "", /^Stopped at its time limit of 3s; /);
  assert.equal((await system.log(id, "?stream=stdout")).toString(), "up\nbye\n");
});

test("a warning signal comes before the time limit, once, and the log says so", async () => {
  const { id } = await system.postScript(
    "trap 'echo saved' USR1; trap 'echo stopped; exit 3' TERM; echo up; while :; do sleep 60 & wait $!; done",
    {
      time_limit: "3s",
      time_limit_warning: "2s",
      resources: { gpus: 0 },
    },
  );
  const { result } = await system.ended(id);
  assert.equal(result?.reason, "time_limit");
  assert.equal((await system.log(id, "?stream=stdout")).toString(), "up\nsaved\nstopped\n");
  assert.match((await system.log(id)).toString(), /^\[skeduler\] SIGUSR1 sent: 2s are left of the time limit of 3s$/m);
  const refused = await system.fetch("/experiments", {
    method: "POST",
    body: JSON.stringify({ name: "x", docker: { image: "x" }, time_limit: "5s", time_limit_warning: { before: "5s" } }),
  });
  assert.equal(refused.status, 400);
  assert.match(await refused.text(), /time_limit_warning: needs a time_limit that is longer/);
});

test("estimates know how long experiments of the same name took", async () => {
  const all = { resources: { gpus: 4, host: "small" }, name: "known" };
  for (let n = 0; n < 2; n += 1) await system.ended((await system.postScript("true", all)).id);
  const held = await system.postScript("sleep 600", all);
  await system.until(held.id, (e) => e.attempt?.started_at != null);
  const next = await system.postScript("true", all);
  const { estimated_start } = await why(next.id);
  assert.ok(Date.parse(estimated_start ?? "") < Date.now() + 600_000, estimated_start ?? "no estimate");
  await system.put(held.id, { status: "CANCELLED" });
  await system.ended(next.id);
});

test("what is about to be placed starts now, also where it takes the last room", async () => {
  await using fresh = await System.start();
  await fresh.addRunner("tight", { SKEDULER_RUNNER_SLOTS: "1" });
  await fresh.query(beginPlacement); // nobody else places
  const { id } = await fresh.postScript("true", { resources: { gpus: 0 } });
  const found = placement.parse(await (await fresh.fetch(`/experiments/${id}/placement`)).json());
  await fresh.query("rollback");
  assert.equal(found.message, "It is about to be placed on tight.");
  const start = Date.parse(found.estimated_start ?? "");
  assert.ok(Math.abs(start - Date.now()) < 60_000, found.estimated_start ?? "none");
  await fresh.ended(id);
});
