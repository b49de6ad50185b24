// V8's collector at hand, where it cannot know what we do.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** `last-resort`: all that can be had, pages of memory included; some 50 ms at a start. */
export type Collection = { readonly type: "minor" } | { readonly type: "major"; readonly flavor: "last-resort" };

export function garbageCollector(): (collection: Collection) => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as (collection: Collection) => void;
}
