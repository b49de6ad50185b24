// A process that stays is idle most of the time, and V8 then looks through its heap to give memory back. By default it lets go of all
// shapes of objects of which none lives at that moment, and of the compiled code that relied on them: the next requests are served by
// code that is slow, and compiled anew (docs/performance.md). Without that it gives back next to as much.

import { setFlagsFromString } from "node:v8";

/** Set here, not as the program begins: a Node whose V8 no longer knows it says so, and goes on. */
export function keepOptimizedCode(): void {
  setFlagsFromString("--no-memory-reducer-favors-memory");
}
