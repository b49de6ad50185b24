// Whose turn it is: by properties over random lines, and by example.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Line, usageOf, type LineOptions } from "../../runtime/scheduler/line.ts";
import type { Request } from "../../runtime/scheduler/model.ts";
import { anyone, now } from "./worlds.ts";

const hour = 3_600_000;
const none = {
  gpus: undefined,
  gpuModel: undefined,
  gpuMemoryBytes: undefined,
  cpus: undefined,
  memoryBytes: undefined,
};

function asked(id: string, more: Partial<Request> = {}): Request {
  return { ...anyone, ...none, hosts: [], timeLimit: undefined, id, ...more };
}

/** Requests that are alike, as the database gives them. */
function kindsOf(requests: readonly Request[]): Map<string, Request[]> {
  return Map.groupBy(requests, ({ owner, priority, gpus }) => `${owner} ${priority} ${gpus ?? ""}`);
}

/** The whole line, each placed with one GPU. */
function order(requests: readonly Request[], options: Partial<LineOptions> = {}): string[] {
  const line = new Line({ now, defaultExpected: hour, ...options });
  const reserved = requests.filter(({ id }) => id === options.reserved);
  for (const one of reserved) line.add(one.id, [one], true);
  for (const [kind, alike] of kindsOf(requests)) line.add(kind, alike, true);
  const ids: string[] = [];
  for (let next = line.next(); next !== undefined; next = line.next()) {
    ids.push(next.id);
    line.placed(next, 1);
  }
  return ids;
}

const shares = (usage: Record<string, number>, weights: Record<string, number> = {}): Partial<LineOptions> => ({
  fairShare: { usage: new Map(Object.entries(usage)), weights: new Map(Object.entries(weights)) },
});

/** As the database gives them: by priority, then by age. */
const lines = fc
  .array(
    fc.record({
      owner: fc.constantFrom("ada", "bo", "cy"),
      priority: fc.integer({ min: -2, max: 2 }),
      wait: fc.nat(500),
    }),
    {
      maxLength: 30,
    },
  )
  .map((all) =>
    all
      .map(({ owner, priority, wait }, seq) =>
        asked(`e${seq}`, { owner, priority, seq, enqueuedAt: now - wait * 60_000 }),
      )
      .sort((a, b) => b.priority - a.priority || a.enqueuedAt - b.enqueuedAt || a.seq - b.seq),
  );

test("without options the line is the database's: by priority, then by age", () => {
  fc.assert(
    fc.property(lines, (all) => {
      assert.deepEqual(
        order(all),
        all.map((one) => one.id),
      );
    }),
    { numRuns: 1000 },
  );
});

test("whatever is switched on, everybody has one turn, priorities keep their order, and so does each owner's own line", () => {
  fc.assert(
    fc.property(
      lines,
      fc.boolean(),
      fc.dictionary(fc.constantFrom("ada", "bo", "cy"), fc.double({ min: 0, max: 50, noNaN: true })),
      (all, fair, usage) => {
        const ids = order(all, fair ? shares(usage) : {});
        assert.deepEqual(ids.toSorted(), all.map((one) => one.id).sort());
        const inTurn = ids.map((id) => all.find((one) => one.id === id));
        for (const [n, one] of inTurn.slice(1).entries()) assert.ok((inTurn[n]?.priority ?? 0) >= (one?.priority ?? 0));
        for (const owner of ["ada", "bo", "cy"])
          assert.deepEqual(
            ids.filter((id) => all.some((one) => one.id === id && one.owner === owner)),
            all.filter((one) => one.owner === owner).map((one) => one.id),
          );
      },
    ),
    { numRuns: 1000 },
  );
});

test("where one waits those like it wait too, and a queue that ran dry is asked for", () => {
  fc.assert(
    fc.property(lines, fc.integer({ min: 1, max: 3 }), fc.infiniteStream(fc.boolean()), (all, size, verdicts) => {
      const line = new Line({ now, defaultExpected: hour });
      const kinds = kindsOf(all);
      const read = new Map<string, number>();
      const add = (kind: string): void => {
        const from = read.get(kind) ?? 0;
        const page = (kinds.get(kind) ?? []).slice(from, from + size);
        read.set(kind, from + page.length);
        line.add(kind, page, page.length < size);
      };
      for (const kind of kinds.keys()) add(kind);
      const waiting = new Set<string>();
      const placed: string[] = [];
      for (let next = line.next(); next !== undefined; next = line.next()) {
        const [kind = ""] = kindsOf([next]).keys();
        assert.ok(!waiting.has(kind));
        if (verdicts.next().value === true) {
          placed.push(next.id);
          const dry = line.placed(next, 1);
          if (dry !== undefined) add(dry);
        } else {
          waiting.add(kind);
          line.waits();
        }
      }
      const expected = all.filter(
        (one) =>
          !kindsOf([one])
            .keys()
            .some((kind) => waiting.has(kind)),
      );
      assert.deepEqual(
        placed.filter((id) => expected.some((one) => one.id === id)),
        expected.map((one) => one.id),
      );
    }),
    { numRuns: 1000 },
  );
});

test("how many stand before one is what its turn says, whatever is switched on", () => {
  const minutes = fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined });
  fc.assert(
    fc.property(
      lines,
      fc.boolean(),
      minutes,
      fc.nat(),
      fc.option(fc.nat(), { nil: undefined }),
      (all, fair, age, n, r) => {
        const [asked, reserved] = [all[n % all.length], r === undefined ? undefined : all[r % all.length]];
        if (asked === undefined) return;
        const ageing = age === undefined ? undefined : age * 60_000;
        const options = {
          now,
          defaultExpected: hour,
          ageing,
          reserved: reserved?.id,
          ...(fair ? shares({ ada: 2, bo: 1 }) : {}),
        };
        const line = new Line(options);
        for (const one of all) line.add(one.id, [one], true);
        const turns: string[] = [];
        for (let next = line.next(); next !== undefined; next = line.next()) {
          turns.push(next.id);
          line.waits();
        }
        const waited = ({ enqueuedAt }: Request): number =>
          ageing === undefined ? 0 : Math.floor((now - enqueuedAt) / ageing);
        const crowds = [...Map.groupBy(all, (one) => `${one.owner} ${one.priority} ${waited(one)}`).values()].map(
          (crowd) => ({
            owner: crowd[0]?.owner ?? "",
            priority: crowd[0]?.priority ?? 0,
            enqueuedAt: crowd[0]?.enqueuedAt ?? 0,
            count: crowd.length,
            older: crowd.filter(
              (o) => o.enqueuedAt < asked.enqueuedAt || (o.enqueuedAt === asked.enqueuedAt && o.seq < asked.seq),
            ).length,
          }),
        );
        const other = reserved?.id === asked.id ? undefined : reserved;
        assert.equal(line.ahead(asked, crowds, other), turns.indexOf(asked.id));
      },
    ),
    { numRuns: 2000 },
  );
});

test("fair share: who has used least goes first, is charged at once, and a weight of two is two turns for one", () => {
  const line = ["a1", "a2", "a3", "b1", "b2", "b3"].map((id, seq) =>
    asked(id, { owner: id.startsWith("a") ? "ada" : "bo", seq }),
  );
  assert.deepEqual(order(line), ["a1", "a2", "a3", "b1", "b2", "b3"]);
  assert.deepEqual(order(line, shares({})), ["a1", "b1", "a2", "b2", "a3", "b3"]);
  const kinds = line.map((one, n) => ({ ...one, gpus: n }));
  assert.deepEqual(order(kinds, shares({})), ["a1", "b1", "a2", "b2", "a3", "b3"], "whatever kind it is of");
  assert.deepEqual(order(line, shares({ ada: 2.5 })), ["b1", "b2", "b3", "a1", "a2", "a3"]);
  assert.deepEqual(order(line, shares({ bo: 0.5 }, { bo: 2 })), ["a1", "b1", "b2", "a2", "b3", "a3"]);
});

test("what holds the reservation stays first within its priority, whoever has used how much", () => {
  const line = [
    asked("a1", { owner: "ada" }),
    asked("a2", { owner: "ada", seq: 1 }),
    asked("b1", { owner: "bo", seq: 2 }),
  ];
  assert.deepEqual(order(line, { ...shares({ ada: 9 }), reserved: "a2" }), ["a2", "b1", "a1"]);
  assert.deepEqual(order([asked("b1", { priority: 1 }), ...line], { reserved: "a2" })[0], "b1");
});

test("ageing: each so long a wait is one more priority, up to the highest", () => {
  const old = asked("old", { priority: -1, enqueuedAt: now - 25 * hour });
  const fresh = asked("fresh", { priority: 0, seq: 1, enqueuedAt: now - hour });
  const top = asked("top", { priority: 100, seq: 2, enqueuedAt: now - 1 });
  assert.deepEqual(order([top, fresh, old]), ["top", "fresh", "old"]);
  assert.deepEqual(order([top, fresh, old], { ageing: 24 * hour }), ["top", "old", "fresh"]);
  assert.deepEqual(order([top, fresh, old], { ageing: 60_000 }), ["old", "top", "fresh"]);
});

test("use is what ended and all that what runs is expected to take, at least a tenth of a GPU", () => {
  const holding = { certain: false, cpus: 0, memoryBytes: 0, since: now - hour };
  const host = {
    name: "h",
    labels: [],
    slots: 4,
    cpus: 4,
    memoryBytes: 1,
    gpus: [],
    withheld: [],
    checking: [],
    closed: undefined,
    holdings: [
      { ...holding, owner: "ada", gpus: ["1", "2"], endsAt: now + hour },
      { ...holding, owner: "bo", gpus: [], endsAt: now - 1 },
    ],
  };
  assert.deepEqual(
    [...usageOf(new Map([["ada", 3]]), [host], now)],
    [
      ["ada", 7],
      ["bo", 0.1],
    ],
  );
});
