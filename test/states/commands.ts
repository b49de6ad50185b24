// What the actors of an installation do to its state, as plain data: users, placement, runners of the current and of older
// starts, the watch over silent hosts. A run is a random list of these; hosts, experiments and attempts go by small numbers.

import fc from "fast-check";

export const experimentCount = 3;
export const hostCount = 2;
export const gpusOfHost = 2;

const experiment = fc.nat({ max: experimentCount - 1 });
const host = fc.nat({ max: hostCount - 1 });
const hosts = fc.uniqueArray(host, { minLength: 1, maxLength: hostCount });

/** Of which start of the runner the actor is: the current one, one before it, or one that is not yet. */
const epoch = fc.constantFrom(...(["own", "own", "own", "own", "old", "next"] as const));
export type Epoch = "own" | "old" | "next";

/** Which attempt of the experiment: the latest, or the one before. */
const attempt = { experiment, back: fc.constantFrom(0, 0, 0, 1), epoch };

const statuses = ["ENQUEUED", "RUNNING", "FINISHED", "CANCELLED"] as const;
const ends = ["ok", "failed", "user", "engine"] as const;
export type End = (typeof ends)[number];

const does = <N extends string, T extends Record<string, fc.Arbitrary<unknown>>>(name: N, with_: T) =>
  fc.record({ do: fc.constant(name), ...with_ }) as fc.Arbitrary<{ do: N } & { [K in keyof T]: ValueOf<T[K]> }>;
export type ValueOf<A> = A extends fc.Arbitrary<infer V> ? V : never;

const create = does("create", {
  experiment,
  retries: fc.nat({ max: 2 }),
  after: fc.option(experiment, { nil: undefined, freq: 2 }),
  grouped: fc.boolean(),
});
const place = does("place", {
  experiment,
  host,
  gpus: fc.uniqueArray(fc.nat({ max: gpusOfHost - 1 }), { maxLength: gpusOfHost }),
});
const start = does("start", attempt);
const append = does("append", { ...attempt, ahead: fc.constantFrom(0, 0, 0, -1, 1) });
const close = does("close", { ...attempt, end: fc.constantFrom(...ends), retry: fc.boolean() });
const change = does("change", {
  experiment,
  to: fc.option(fc.constantFrom(...statuses), { nil: undefined }),
  edits: fc.boolean(),
  outdated: fc.constantFrom(false, false, false, true),
});
const cancelGroup = does("cancel group", {});
const cancelDependants = does("cancel dependants", {});
const register = does("register", { host, checks: fc.boolean() });
const beat = does("beat", { host, epoch, trouble: fc.option(fc.constant("is short of room"), { nil: undefined }) });
const giveUp = does("give up", { hosts });
const clean = does("clean", { host, epoch, current: fc.constantFrom(true, true, false) });
const setState = does("set state", { host, state: fc.constantFrom("active", "cordoned", "draining") });
const remove = does("remove", { host });
const checkGpu = does("check GPU", {
  host,
  gpu: fc.nat({ max: gpusOfHost - 1 }),
  epoch,
  dirty: fc.boolean(),
  outdated: fc.constantFrom(false, false, true),
});

const single = fc.oneof(
  { weight: 4, arbitrary: create },
  { weight: 6, arbitrary: place },
  { weight: 3, arbitrary: start },
  { weight: 3, arbitrary: append },
  { weight: 5, arbitrary: close },
  { weight: 5, arbitrary: change },
  { weight: 1, arbitrary: cancelGroup },
  { weight: 2, arbitrary: cancelDependants },
  { weight: 2, arbitrary: register },
  { weight: 1, arbitrary: beat },
  { weight: 2, arbitrary: giveUp },
  { weight: 1, arbitrary: clean },
  { weight: 1, arbitrary: setState },
  { weight: 1, arbitrary: remove },
  { weight: 2, arbitrary: checkGpu },
);
export type Single = ValueOf<typeof single>;
export type CommandOf<N extends string> = Extract<Single, { do: N }>;
export type AttemptCommand = CommandOf<"start" | "append" | "close">;
export type HostCommand = CommandOf<"register" | "beat" | "clean" | "set state" | "remove" | "check GPU">;

/** These begin and end transactions of their own. */
const whole: readonly string[] = ["register", "give up", "remove"];
const undone = fc.record({
  do: fc.constant("undone" as const),
  command: single.filter((command) => !whole.includes(command.do)),
});
export type Command = Single | ValueOf<typeof undone>;

const mixed = fc.oneof({ weight: 12, arbitrary: single }, { weight: 1, arbitrary: undone });
/** Among all the others, three of these on one host in a row are too rare to be seen. */
const ofHosts = fc.oneof(place, register, beat, giveUp, clean, setState, remove, checkGpu);
export const commands: fc.Arbitrary<Command[]> = fc.oneof(
  { weight: 3, arbitrary: fc.array(mixed, { maxLength: 14, size: "max" }) },
  { weight: 1, arbitrary: fc.array(ofHosts, { maxLength: 14, size: "max" }) },
);

/** First what leads to some state, then what happens there at the same moment. */
const raceOf = (of: fc.Arbitrary<Single>) =>
  fc.record({
    before: fc.array(of, { maxLength: 8, size: "max" }),
    together: fc.array(of, { minLength: 2, maxLength: 3, size: "max" }),
    /** Whose rows somebody else has locked as they begin. */
    held: fc.constantFrom(["public.jobs"], ["skeduler.attempts"], ["skeduler.hosts"], ["skeduler.heartbeats"], []),
  });
export const race = fc.oneof({ weight: 3, arbitrary: raceOf(single) }, { weight: 1, arbitrary: raceOf(ofHosts) });
