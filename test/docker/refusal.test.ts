// Whose fault it is that a container could not be started, by Docker's words.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BadCommand, refusal } from "../../runtime/docker/containers.ts";
import { EngineFailure } from "../../runtime/docker/engine.ts";

const answer = (statusCode: number, message: string): Error =>
  Object.assign(new Error(message), { statusCode, json: { message } });

const commands = [
  'OCI runtime create failed: container_linux.go:380: starting container process caused: exec: "nope": executable file not found in $PATH: unknown',
  'failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/etc/hosts": permission denied: unknown',
  'OCI runtime create failed: container_linux.go:380: starting container process caused: chdir to cwd ("/etc/passwd") set in config.json failed: not a directory: unknown',
  "No command specified",
];
const engines = [
  "failed to update store for object type *libnetwork.endpoint: open : no such file or directory",
  "error creating overlay mount to /var/lib/docker/overlay2/x/merged: permission denied",
  "transport is closing: unavailable",
];

test("the command's fault is told from the Engine's", () => {
  for (const words of commands) assert.ok(refusal(answer(400, words)) instanceof BadCommand, words);
  for (const words of engines) assert.ok(refusal(answer(500, words)) instanceof EngineFailure, words);
  const cut = new Error("socket hang up");
  assert.equal(refusal(cut), cut);
});
