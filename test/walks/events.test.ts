// Events, listed and live: who did what, in an order that a reader can rely on, whatever commits late, and over cuts.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import pg from "pg";
import { z } from "zod";
import { eventSchema } from "../../runtime/events/query.ts";
import { adminUrl } from "../support/database.ts";
import { System, token } from "../support/system.ts";

let system: System;
before(async () => {
  system = await System.start();
  await system.addRunner("noted");
});
after(async () => system[Symbol.asyncDispose]());

type Event = z.output<typeof eventSchema>;
const events = z.array(eventSchema);

async function list(query: string): Promise<{ events: Event[]; cursor: string | null }> {
  const response = await system.fetch(`/events${query}`);
  assert.equal(response.status, 200, await response.clone().text());
  return { events: events.parse(await response.json()), cursor: response.headers.get("skeduler-cursor") };
}

const kinds = (of: readonly Event[]): string[] => of.map((event) => event.kind);

/** A feed that has begun: without a place asked for, from what is there by now. */
async function open(query: string, headers: Record<string, string> = {}, of = system): Promise<Response> {
  const response = await of.fetch(`/events/stream${query}`, { headers, signal: AbortSignal.timeout(20_000) });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  return response;
}

/** Events as a browser's EventSource would see them; `until` says when to leave. */
async function read(response: Response, until: (seen: Event[]) => boolean): Promise<{ seen: Event[]; lastId: string }> {
  const seen: Event[] = [];
  let lastId = "";
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes as Uint8Array, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const field = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
      lastId = field("id") ?? lastId;
      const data = field("data");
      if (data !== undefined) seen.push(eventSchema.parse(JSON.parse(data)));
      if (until(seen)) return { seen, lastId };
    }
  }
  throw new Error(`the stream ended after ${kinds(seen).join(", ")}`);
}

/** Waits until the feed shows these: what is committed is listed only once no older transaction runs. */
async function shown(query: string, wanted: readonly string[], of = system): Promise<void> {
  const { seen } = await read(await open(`${query}&after=0.0`, {}, of), (found) => found.length === wanted.length);
  assert.deepEqual(kinds(seen), wanted);
}

const note = async (db: { query(text: string, values: unknown[]): Promise<unknown> }, kind: string): Promise<unknown> =>
  db.query("insert into skeduler.events (actor, kind) values ('test', $1)", [kind]);

test("an experiment's life is listed in order, by pages, from both ends, and by filter", async () => {
  const { id } = await system.postScript("true");
  await shown(`?experiment=${id}`, ["enqueued", "placed", "started", "closed"]);
  const all = (await list(`?experiment=${id}`)).events;
  assert.deepEqual(kinds(all), ["enqueued", "placed", "started", "closed"]);
  assert.deepEqual(
    all.map(({ actor, host }) => [actor, host]),
    [
      ["token-1", null],
      ["placement", "noted"],
      ["runner", "noted"],
      ["runner", "noted"],
    ],
  );
  assert.equal(all[3]?.detail["exit_code"], 0);
  const paged: Event[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const page = await list(`?experiment=${id}&limit=3${cursor && `&cursor=${cursor}`}`);
    paged.push(...page.events);
    cursor = page.cursor;
  }
  assert.deepEqual(paged, all);
  assert.deepEqual((await list(`?experiment=${id}&order=desc`)).events, all.toReversed());
  assert.deepEqual(kinds((await list(`?experiment=${id}&kind=placed,closed&actor=runner`)).events), ["closed"]);
  assert.deepEqual(kinds((await list("?host=noted&kind=registered")).events), ["registered"]);
  const started = all[2]?.at ?? "";
  assert.deepEqual(kinds((await list(`?experiment=${id}&since=${started}`)).events), ["started", "closed"]);
  for (const wrong of ["?limit=1001", "?cursor=x", "?since=yesterday", "?colour=red"])
    assert.equal((await system.fetch(`/events${wrong}`)).status, 400, wrong);
});

test("events that are long come in pages that are cut, from both ends and in the feed, none passed over", async () => {
  const { rows } = await system.query(
    `insert into skeduler.events (actor, kind, detail)
       select 'test', 'long', jsonb_build_object('n', n, 'message', repeat('x', 700000)) from generate_series(1, 30) n returning id`,
  );
  assert.equal(rows.length, 30);
  const numbers = (of: readonly Event[]): unknown[] => of.map(({ detail }) => detail["n"]);
  const inOrder = Array.from({ length: 30 }, (_, n) => n + 1);
  const live = await read(await open("?kind=long&after=0.0"), (seen) => seen.length === 30);
  assert.deepEqual(numbers(live.seen), inOrder);
  for (const order of ["asc", "desc"]) {
    const found: Event[] = [];
    let largest = 0;
    for (let cursor: string | null = ""; cursor !== null;) {
      const page = await list(`?kind=long&limit=1000&order=${order}${cursor && `&cursor=${cursor}`}`);
      largest = Math.max(largest, page.events.length);
      found.push(...page.events);
      cursor = page.cursor;
    }
    assert.deepEqual(numbers(found), order === "asc" ? inOrder : inOrder.toReversed());
    assert.ok(largest < 10, `a page has ${largest}`);
  }
});

test("long events that come while somebody follows are all told", async () => {
  const live = read(await open("?kind=longer"), (seen) => seen.length === 40);
  for (let n = 0; n < 4; n += 1)
    await system.query(
      `insert into skeduler.events (actor, kind, detail)
         select 'test', 'longer', jsonb_build_object('message', repeat('x', 700000)) from generate_series(1, 10)`,
    );
  const { seen } = await live;
  assert.equal(new Set(seen.map(({ id }) => id)).size, 40);
});

test("the feed shows what happens as it happens; come back after a cut, nothing is skipped or repeated", async () => {
  const from = (await list("?order=desc&limit=1")).events[0]?.id ?? "";
  const feed = await open("?kind=enqueued,placed,started,closed");
  const live = read(feed, (seen) => kinds(seen).includes("placed"));
  const { id } = await system.postScript("true");
  const cut = await live;
  await system.ended(id);
  const resumed = await open("?kind=enqueued,placed,started,closed", { "Last-Event-ID": cut.lastId });
  const rest = await read(resumed, (seen) => kinds(seen).includes("closed"));
  const listed = (await list(`?experiment=${id}`)).events;
  assert.deepEqual([...cut.seen, ...rest.seen], listed);
  const again = await read(await open(`?after=${from}&experiment=${id}`), (seen) => seen.length === listed.length);
  assert.deepEqual(again.seen, listed);
});

test("an event that is committed late is not passed over", async (t) => {
  const slow = new pg.Client({ connectionString: system.database });
  t.after(async () => slow.end());
  await slow.connect();
  const before = await list("?order=desc&limit=1");
  const live = read(await open("?actor=test"), (seen) => seen.length === 2);
  await slow.query("begin");
  await note(slow, "late");
  await note({ query: async (text, values) => system.query(text, values) }, "early");
  const place = before.events[0]?.id ?? "";
  assert.deepEqual(kinds((await list(`?actor=test&cursor=${place}`)).events), [], "what is below may yet appear");
  await slow.query("commit");
  assert.deepEqual(kinds((await live).seen), ["late", "early"]);
  assert.deepEqual(kinds((await list(`?actor=test&cursor=${place}`)).events), ["late", "early"]);
});

test("what is open in another database of the server holds nothing back", async (t) => {
  const other = new pg.Client({ connectionString: adminUrl() });
  t.after(async () => other.end());
  await other.connect();
  await other.query("begin");
  await other.query("select pg_current_xact_id()");
  await note({ query: async (text, values) => system.query(text, values) }, "beside");
  // Other tests' transactions come and go; this one stays open until it was seen.
  await shown("?actor=test&kind=beside", ["beside"]);
});

test("after a restore on a server with lower numbers of transactions the old come first, and old places still count", async () => {
  await using restored = await System.start();
  await restored.query(
    "insert into skeduler.events (actor, kind, xid) values ('test', 'old', '99000000000'), ('test', 'older', '98000000000')",
  );
  await restored.addApi(); // as every API process does when it starts
  await note({ query: async (text, values) => restored.query(text, values) }, "new");
  await shown("?actor=test", ["old", "older", "new"], restored);
  const found = events.parse(await (await restored.fetch("/events?actor=test")).json());
  assert.deepEqual(kinds(found), ["old", "older", "new"]);
  const after = events.parse(await (await restored.fetch(`/events?actor=test&cursor=${found[1]?.id ?? ""}`)).json());
  assert.deepEqual(kinds(after), ["new"]);
});

test("a browser's feed counts with the session's cookie from our own pages only", async () => {
  const session = await system.fetch("/session", { method: "POST" });
  const cookie = (session.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const status = async (headers: Record<string, string>): Promise<number> => {
    const leaving = new AbortController();
    const response = await fetch(`${system.url}/events/stream`, { headers, signal: leaving.signal });
    leaving.abort();
    return response.status;
  };
  assert.equal(await status({ Cookie: cookie, "Sec-Fetch-Site": "same-origin" }), 200);
  assert.equal(await status({ Cookie: cookie, "Sec-Fetch-Site": "cross-site" }), 401);
  assert.equal(await status({ Cookie: cookie, Origin: "http://evil.example" }), 403);
  assert.equal(await status({}), 401);
  assert.equal(await status({ Authorization: token }), 200);
});

test("a place beyond the end, of before a restore, is the end: what is new comes", async () => {
  const feed = await open("?actor=test&kind=beyond&after=99000000000.7");
  await note({ query: async (text, values) => system.query(text, values) }, "beyond");
  const { seen } = await read(feed, (found) => found.length === 1);
  assert.deepEqual(kinds(seen), ["beyond"]);
});

test("what the stream cannot be asked is refused before it begins", async () => {
  for (const query of ["?after=1.9999999999999999999", "?host=%00", "?actor=a%00", "?kind=%00"])
    assert.equal((await system.fetch(`/events/stream${query}`)).status, 400, query);
});
