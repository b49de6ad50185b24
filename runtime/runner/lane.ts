// Work of which at most one is in flight, the rest in the order it came: large inserts of all a host's logs take turns, so
// that a flood leaves the runner's other connection to lines that somebody waits for, and to starts, ends and heartbeats.

export type Lane = <T>(work: () => Promise<T>) => Promise<T>;

export function lane(): Lane {
  let last: Promise<unknown> = Promise.resolve();
  return async (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined); // whoever asked hears of it
    return mine;
  };
}
