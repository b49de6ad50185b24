// A process that stays is idle most of the time, and V8 then collects all that it can, to give memory back. With it go all shapes of
// objects of which none lives at that moment, and the code that was optimized for them: the next requests are served by slow code, and
// it is compiled anew (docs/performance.md). There is much to give back after the start alone, and nothing optimized yet.

import { setFlagsFromString } from "node:v8";
import { garbageCollector } from "../collect-garbage.ts";

/** To be called once, when the process is ready. From then on V8 collects in idle moments as it does in others. */
export function keepOptimizedCode(): void {
  garbageCollector()({ type: "major", flavor: "last-resort" });
  setFlagsFromString("--no-memory-reducer-favors-memory"); // not as the program begins: a Node that has it no longer says so, and goes on
}
