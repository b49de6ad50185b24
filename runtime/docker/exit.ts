// What Docker says of an ended container → what a researcher is told. Pure.

import { constants } from "node:os";
import type { Result } from "../experiment/states.ts";
import type { ContainerState } from "./containers.ts";

/** What Docker says where it was restarted meanwhile and does not know; a program may end with it too. */
export const unknownExit = 255;

/** The result of a container that ran to its own end. */
export function describeExit(state: ContainerState, memory: string | undefined): Result {
  const code = state.exitCode;
  const signal = signalName(code);
  // Docker says OOMKilled of any process in the container: the main one may have gone on and ended well.
  if (state.oomKilled && code !== 0) {
    const limit = memory === undefined ? "the host's memory" : `its memory limit of ${memory}`;
    return {
      reason: "oom",
      exit_code: code,
      signal,
      message: `Out of memory: the container reached ${limit} and was killed.`,
    };
  }
  return { reason: "exited", exit_code: code, signal, message: sentence(code, signal) };
}

/** By shells' and Docker's convention 128 + n means "killed by signal n". */
export function signalName(code: number): string | null {
  if (code <= 128) return null;
  return Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0] ?? null;
}

function sentence(code: number, signal: string | null): string {
  if (code === 0) return "Finished with exit code 0.";
  if (code === unknownExit)
    return "Ended with exit code 255, which Docker also says of a container whose end it missed because it was restarted.";
  if (signal !== null) return `Ended with exit code ${code}: killed by ${signal}.`;
  if (code === 127) return "Ended with exit code 127: a command in it was not found.";
  if (code === 126) return "Ended with exit code 126: a command in it could not be executed.";
  return `Ended with exit code ${code}.`;
}
