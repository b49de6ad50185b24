// One attempt → the options of its container. Pure, and the whole of what a container may do.

import type Docker from "dockerode";
import { withTag } from "./image-name.ts";
import type { Mount } from "./policy.ts";

export interface ContainerSpec {
  readonly attemptId: string;
  readonly experimentId: string;
  readonly installation: string;
  readonly host: string;
  readonly image: string;
  /** Words; [] is the image's own command. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryBytes: number | undefined;
  readonly cpus: number | undefined;
  readonly shmBytes: number | undefined;
  /** Words; undefined is the image's own entrypoint. */
  readonly entrypoint: readonly string[] | undefined;
  readonly workdir: string | undefined;
  readonly user: string | undefined;
  readonly mounts: readonly Mount[];
  readonly network: string | undefined;
  readonly pidsLimit: number;
  readonly noNewPrivileges: boolean;
  /** Those kept; all others are dropped. */
  readonly capabilities: readonly string[];
  /** Uuids; [] holds and sees none. */
  readonly gpus: readonly string[];
  /** A folder of the host, mounted at /output. */
  readonly output: string | undefined;
  /** How much log Docker keeps before it rotates, in bytes: our spool while Postgres is away. */
  readonly logMaxBytes: number;
}

export const label = {
  installation: "skeduler.installation",
  host: "skeduler.host",
  attempt: "skeduler.attempt",
  experiment: "skeduler.experiment",
} as const;

/** What a canary is called by, which has no attempt. */
export const canary = "canary";

export function containerName(attemptId: string): string {
  return `skeduler-${attemptId}`;
}

/** Whether a container of these names, as Docker lists them, is what its label says: an image made of one of ours has the labels too. */
export function isNamed(names: readonly string[], attemptId: string | undefined): boolean {
  return attemptId === undefined
    ? names.some((name) => name.startsWith(`/${containerName(canary)}-`))
    : names.includes(`/${containerName(attemptId)}`);
}

export function containerOptions(spec: ContainerSpec): Docker.ContainerCreateOptions {
  return {
    name: containerName(spec.attemptId),
    Image: withTag(spec.image), // the very name that the policy judged: a bare one could also be an image's id
    ...(spec.command.length > 0 && { Cmd: [...spec.command] }),
    Env: Object.entries(environment(spec)).map(([name, value]) => `${name}=${value}`),
    ...(spec.entrypoint !== undefined && { Entrypoint: [...spec.entrypoint] }),
    ...(spec.workdir !== undefined && { WorkingDir: spec.workdir }),
    ...(spec.user !== undefined && { User: spec.user }),
    Labels: {
      [label.installation]: spec.installation,
      [label.host]: spec.host,
      [label.attempt]: spec.attemptId,
      [label.experiment]: spec.experimentId,
    },
    Tty: false,
    HostConfig: {
      // `local` keeps every byte. One file, so it is never rotated below the bound: a rotating log loses lines.
      LogConfig: {
        Type: "local",
        Config: { "max-size": String(spec.logMaxBytes), "max-file": "1", compress: "false" },
      },
      Privileged: false,
      ...(spec.noNewPrivileges && { SecurityOpt: ["no-new-privileges"] }),
      CapDrop: ["ALL"],
      CapAdd: [...spec.capabilities],
      PidsLimit: spec.pidsLimit,
      ...(spec.network !== undefined && { NetworkMode: spec.network }),
      ...(spec.mounts.length > 0 && { Mounts: spec.mounts.map(bindOf) }),
      ...(spec.memoryBytes !== undefined && { Memory: spec.memoryBytes, MemorySwap: spec.memoryBytes }),
      ...(spec.cpus !== undefined && { NanoCpus: Math.round(spec.cpus * 1e9) }),
      ...(spec.shmBytes !== undefined && { ShmSize: spec.shmBytes }),
      ...(spec.output !== undefined && { Binds: [`${spec.output}:/output`] }),
      ...(spec.gpus.length > 0
        ? {
            DeviceRequests: [{ Driver: "", Count: 0, DeviceIDs: [...spec.gpus], Capabilities: [["gpu"]], Options: {} }],
          }
        : { Runtime: "runc" }), // where nvidia is the default runtime, an image's own variable would show it every GPU
    },
  };
}

/** A read-only mount leaves out what is mounted below it on the host: older Engines would make that writable. */
function bindOf({ source, target, writable }: Mount): Docker.MountSettings {
  const options = { Propagation: "rprivate" as const, ...(!writable && { NonRecursive: true }) };
  return { Type: "bind", Source: source, Target: target, ReadOnly: !writable, BindOptions: options };
}

function environment(spec: ContainerSpec): Record<string, string> {
  return {
    PYTHONUNBUFFERED: "1", // else a Python program's lines come in blocks of 8 KB
    ...spec.environment,
    NVIDIA_VISIBLE_DEVICES: spec.gpus.length === 0 ? "void" : spec.gpus.join(","), // not what the image says
  };
}
