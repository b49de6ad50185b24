// A log on its way to Postgres, or from there, makes hardly any garbage but the buffers that its chunks are in, and V8 lets some
// 64 MB of such gather outside its heap before it looks. A collection of young objects now and then takes a millisecond and keeps
// memory flat.

import { garbageCollector } from "../collect-garbage.ts";

/**
 * To be told of the bytes that buffers were made for; `every` so many of them there is a collection. About three times as much is
 * garbage then; what is in flight should outlive one at most, for what outlives two stays until V8 looks at its whole heap.
 */
export function bufferCollector(every = 4 * 1024 * 1024): (bytes: number) => void {
  const collect = garbageCollector();
  let since = 0;
  return (bytes) => {
    since += bytes;
    if (since < every) return;
    since = 0;
    collect({ type: "minor" });
  };
}
