// Whose fault it is that a container could not be started, by Docker's words.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BadCommand, refusal } from "../../runtime/docker/containers.ts";
import { EngineFailure } from "../../runtime/docker/engine.ts";

const answer = (statusCode: number, message: string): Error =>
  Object.assign(new Error(message), { statusCode, json: { message } });

const started =
  "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ";
const mistaken =
  "Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type";

const commands = [
  'OCI runtime create failed: container_linux.go:380: starting container process caused: exec: "nope": executable file not found in $PATH: unknown',
  'OCI runtime create failed: container_linux.go:345: starting container process caused "exec: \\"nope\\": executable file not found in $PATH": unknown',
  'OCI runtime create failed: container_linux.go:296: starting container process caused "process_linux.go:402: container init caused \\"exec: \\\\\\"nope\\\\\\": stat nope: no such file or directory\\"": unknown',
  'failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/etc/hosts": permission denied: unknown',
  'OCI runtime create failed: container_linux.go:380: starting container process caused: chdir to cwd ("/etc/passwd") set in config.json failed: not a directory: unknown',
  `${started}exec: "nope": executable file not found in $PATH: unknown`,
  `${started}exec: "": executable file not found in $PATH: unknown`,
  `${started}exec: "/nope": stat /nope: no such file or directory: unknown`,
  `${started}exec: "/etc": is a directory: unknown`,
  `${started}exec: "/etc/hosts/x": stat /etc/hosts/x: not a directory: unknown: ${mistaken}`,
  `${started}exec: "running hook #0: nvidia-container-cli": executable file not found in $PATH: unknown`,
  `${started}error during container init: exec: "nope": executable file not found in $PATH: unknown`,
  `${started}error during container init: eaccess /mnt/program: permission denied: unknown`,
  `${started}error during container init: unable to setup user: invalid argument: unknown`,
  "failed to create shim task: OCI runtime create failed: crun: executable file `nope` not found in $PATH: No such file or directory: unknown",
  "OCI runtime create failed: open executable: Permission denied: unknown",
  "No command specified",
  "unable to find user nope: no matching entries in passwd file",
  "unable to find group nope: no matching entries in group file",
  "uids and gids must be in range 0-2147483647",
  "Cannot mkdir: /etc/hosts is not a directory",
];
const engines = [
  "failed to update store for object type *libnetwork.endpoint: open : no such file or directory",
  "error creating overlay mount to /var/lib/docker/overlay2/x/merged: permission denied",
  "transport is closing: unavailable",
  'failed to create shim task: OCI runtime create failed: unable to retrieve OCI runtime error (open /run/containerd/io.containerd.runtime.v2.task/moby/931d/log.json: no such file or directory): exec: "nvidia-container-runtime": executable file not found in $PATH: unknown',
  "OCI runtime create failed: unable to retrieve OCI runtime error (open /run/containerd/io.containerd.runtime.v1.linux/moby/317c/log.json: no such file or directory): fork/exec /usr/bin/nvidia-container-runtime: no such file or directory: unknown",
  'OCI runtime create failed: exec: "nvidia-container-runtime-hook": executable file not found in $PATH: unknown',
  `${started}error during container init: error running hook #0: fork/exec /usr/bin/nvidia-container-runtime-hook: no such file or directory: unknown`,
  `${started}error during container init: error running hook #0: error running hook: exit status 1, stdout: , stderr: Auto-detected mode as 'legacy'\nnvidia-container-cli: initialization error: load library failed: libnvidia-ml.so.1: cannot open shared object file: no such file or directory: unknown`,
  'OCI runtime create failed: container_linux.go:349: starting container process caused "process_linux.go:449: container init caused \\"process_linux.go:432: running prestart hook 1 caused \\\\\\"error running hook: exit status 1, stdout: , stderr: exec command: [/usr/bin/nvidia-container-cli configure]\\\\\\\\nnvidia-container-cli: ldcache error: open failed: /sbin/ldconfig.real: no such file or directory\\\\\\"\\"": unknown',
  "OCI runtime create failed: container_linux.go:380: starting container process caused: process_linux.go:545: container init caused: Running hook #1:: error running hook: exit status 1, stdout: , stderr: nvidia-container-cli: ldcache error: open failed: /sbin/ldconfig.real: no such file or directory: unknown",
  `${started}error during container init: error mounting "/data" to rootfs at "/etc": mount /data:/etc (via /proc/self/fd/6), flags: 0x5000: not a directory: unknown: ${mistaken}`,
  `${started}error during container init: open /proc/sys/net/nope: no such file or directory: unknown`,
  `${started}exec: "/usr/bin/python": stat /usr/bin/python: input/output error: unknown`,
  "OCI runtime create failed: crun: open `/sys/fs/cgroup/x/cgroup.freeze`: No such file or directory: unknown",
  'error gathering device information while adding custom device "/dev/nope": no such file or directory',
];

test("the command's fault is told from the Engine's", () => {
  for (const words of commands) assert.ok(refusal(answer(400, words)) instanceof BadCommand, words);
  for (const words of engines) assert.ok(refusal(answer(500, words)) instanceof EngineFailure, words);
  const cut = new Error("socket hang up");
  assert.equal(refusal(cut), cut);
});
