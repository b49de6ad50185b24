// A container's life in verbs, each safe to repeat: "already so" is success, told apart here and nowhere else.
// A container is ours only where its labels say so; a name that another's container holds is an error.

import type Docker from "dockerode";
import { reset, streamFrom } from "./engine-stream.ts";
import { asking, EngineFailure, statusOf, wordsOf, type Engine } from "./engine.ts";
import { containerName, containerOptions, isNamed, label, type ContainerSpec } from "./container-options.ts";

/** The image is not there and could not be had. */
export class ImageMissing extends Error {}
/** The image is there, but what it was told to run could not be started. */
export class BadCommand extends Error {}

export interface ContainerState {
  readonly id: string;
  readonly running: boolean;
  /** Its command's process, while it runs, as the Engine's machine numbers it. */
  readonly pid: number | undefined;
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly error: string;
}

export interface CreatedContainer {
  readonly id: string;
  /** An earlier try created it: nobody knows what has become of it since. */
  readonly adopted: boolean;
}

/** Creates the attempt's container, or finds the one that an earlier try created. Without its image: ImageMissing. */
export async function createContainer(engine: Engine, spec: ContainerSpec): Promise<CreatedContainer> {
  try {
    const container = await asking(engine, async () => engine.docker.createContainer(containerOptions(spec)));
    return { id: container.id, adopted: false };
  } catch (error) {
    if (statusOf(error) === 404 || /invalid reference/.test(wordsOf(error)))
      throw new ImageMissing(wordsOf(error), { cause: error });
    if (statusOf(error) === 409) return { id: await adopt(engine, spec, error), adopted: true };
    throw refusal(error);
  }
}

async function adopt(engine: Engine, spec: ContainerSpec, conflict: unknown): Promise<string> {
  const found = await engine.docker.getContainer(containerName(spec.attemptId)).inspect();
  const labels = found.Config.Labels;
  const ours =
    labels[label.installation] === spec.installation &&
    labels[label.host] === spec.host &&
    labels[label.attempt] === spec.attemptId;
  if (!ours)
    throw new EngineFailure(`The name ${containerName(spec.attemptId)} is taken by another container.`, {
      cause: conflict,
    });
  return found.Id;
}

export async function startContainer(engine: Engine, id: string): Promise<void> {
  try {
    await asking(engine, async () => engine.docker.getContainer(id).start() as Promise<unknown>);
  } catch (error) {
    if (statusOf(error) === 304) return;
    throw refusal(error);
  }
}

/** What may be wrong with a program or a folder of the image's; an error of a disk, or too little memory, is not among it. */
const missing =
  "executable file not found|no such file or directory|permission denied|exec format error|not a directory|is a directory|too many levels of symbolic links|file name too long";
const starting = "OCI runtime.*(?:unable to start container process|starting container process caused)";
const inside = String.raw`(?:(?:error during container init|process_linux\.go:\d+: container init caused):? (?:\\*")?)?`;
/**
 * Of the process that the container was to be: its program, its folder, its user. runc says so right after `starting`: a hook, a mount
 * and the runtime itself may lack a program or a file too, and the Engine some of its own.
 */
const commandFaults = [
  `${starting}:? "?${inside}(?:(?:exec: |eaccess |chdir to cwd ).*(?:${missing})|(?:unable to )?setup user)`,
  `OCI runtime create failed: (?:crun: )?(?:executable file \`|open executable: .*(?:${missing}))`,
  "^no command specified",
  "^(?:linux spec user: )?(?:unable to find (?:user|group) |uids and gids must be in range)",
  "^cannot mkdir: .* is not a directory", // the container's working folder
].map((words) => new RegExp(words, "is"));

/** Whose fault a refused request was; what is no refusal stays as it is. */
export function refusal(error: unknown): unknown {
  if (statusOf(error) === undefined) return error;
  const words = wordsOf(error);
  if (commandFaults.some((fault) => fault.test(words))) return new BadCommand(words, { cause: error });
  return new EngineFailure(words, { cause: error });
}

/** SIGTERM, `graceSeconds`, SIGKILL; resolves when the container is dead. */
export async function stopContainer(engine: Engine, id: string, graceSeconds: number): Promise<void> {
  await orAlreadySo(
    [304, 404],
    asking(engine, async () => engine.docker.getContainer(id).stop({ t: graceSeconds }) as Promise<unknown>),
  );
}

/** Sends a signal to the container's first process; one that has ended (409) or is gone has no use for it. */
export async function signalContainer(engine: Engine, id: string, signal: string): Promise<void> {
  await orAlreadySo(
    [404, 409],
    asking(engine, async () => engine.docker.getContainer(id).kill({ signal }) as Promise<unknown>),
  );
}

/** Resolves when the container has ended (or is gone). The signal ends the waiting, not the container. */
export async function waitContainer(engine: Engine, id: string, signal: AbortSignal): Promise<void> {
  let said = "";
  const take = (piece: Buffer): undefined => {
    said += piece.toString();
  };
  // Docker answers at once, and says in the answer's body that it has ended: dockerode would wait on for the rest of an answer
  // that was cut off.
  const waiting = async (): Promise<void> => {
    await streamFrom(engine, "POST", `/containers/${id}/wait`, { signal, take });
    if (!said.includes('"StatusCode"')) throw reset();
  };
  await orAlreadySo([404], asking(engine, waiting));
}

/** What Docker says of a container; undefined where there is none. */
export async function inspectContainer(engine: Engine, id: string): Promise<ContainerState | undefined> {
  let found: Docker.ContainerInspectInfo;
  try {
    found = await asking(engine, async () => engine.docker.getContainer(id).inspect());
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
  const { State: state } = found;
  return {
    id: found.Id,
    running: state.Running,
    pid: state.Pid === 0 ? undefined : state.Pid,
    startedAt: time(state.StartedAt),
    finishedAt: time(state.FinishedAt),
    exitCode: state.ExitCode,
    oomKilled: state.OOMKilled,
    error: state.Error,
  };
}

/** Whether its command has begun, ever. Docker does not know the time of each start. */
export function wasStarted({ running, startedAt, finishedAt }: ContainerState): boolean {
  return running || startedAt !== undefined || finishedAt !== undefined;
}

/** Docker's zero time, year 1, is "not yet". */
function time(text: string): Date | undefined {
  return text.startsWith("0001-") ? undefined : new Date(text);
}

/** Kills and removes a container with its anonymous volumes. */
export async function removeContainer(engine: Engine, id: string): Promise<void> {
  // 409: a removal is already in progress.
  await orAlreadySo(
    [404, 409],
    asking(engine, async () => engine.docker.getContainer(id).remove({ force: true, v: true }) as Promise<unknown>),
  );
}

export interface OwnContainer {
  readonly id: string;
  readonly host: string;
  readonly attemptId: string;
  readonly experimentId: string;
  readonly running: boolean;
  readonly ended: boolean;
  readonly created: Date;
}

/**
 * Every container, running or not, that carries this installation's and host's labels (without a host: any host's) and its attempt's name;
 * no other is looked at.
 */
export async function listContainers(
  engine: Engine,
  owner: { readonly installation: string; readonly host?: string },
): Promise<OwnContainer[]> {
  const found = await asking(engine, async () =>
    engine.docker.listContainers({
      all: true,
      filters: {
        label: [
          `${label.installation}=${owner.installation}`,
          ...(owner.host === undefined ? [] : [`${label.host}=${owner.host}`]),
        ],
      },
    }),
  );
  const ours = found.filter(({ Names, Labels }) => isNamed(Names, Labels[label.attempt]));
  return ours.map((container) => ({
    id: container.Id,
    host: container.Labels[label.host] ?? "",
    attemptId: container.Labels[label.attempt] ?? "",
    experimentId: container.Labels[label.experiment] ?? "",
    running: container.State === "running",
    ended: container.State === "exited" || container.State === "dead",
    created: new Date(container.Created * 1000),
  }));
}

async function orAlreadySo(codes: readonly number[], request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    const status = statusOf(error);
    if (status === undefined || !codes.includes(status)) throw error;
  }
}
