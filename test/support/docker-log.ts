// What Docker's own log ends with. Asked again and again instead of followed: a follower of a log that Docker cuts meanwhile may miss
// lines, get some twice, or hear of an error.

import type Docker from "dockerode";

/** Resolves when Docker has the text as the last entry of the container's log. */
export async function untilLogEndsWith(container: Docker.Container, text: string): Promise<void> {
  while (!(await container.logs({ stdout: true, stderr: true, tail: 1 })).toString().endsWith(text));
}
