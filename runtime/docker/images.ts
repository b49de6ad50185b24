// Makes sure that an image is on the host: nothing is asked of a registry where it is there already.
// A pull reports progress in lines; it ends by the caller's signal (time limit, cancel), which closes the connection.

import { asking, statusOf, wordsOf, type Engine } from "./engine.ts";
import { ImageMissing } from "./containers.ts";
import { credentialsFor, registryOf } from "./credentials.ts";
import { isImageName } from "../experiment/image.ts";
import { withTag } from "./image-name.ts";

export interface EnsureOptions {
  readonly signal: AbortSignal;
  /** One line of progress, without newline. */
  readonly onProgress: (line: string) => void;
}

/** Throws ImageMissing where it can be no image's name: one of an adopted experiment may be anything. */
export function checkName(image: string): void {
  if (!isImageName(image)) throw new ImageMissing(`"${image}" is not a valid image name.`);
}

/** Throws ImageMissing, with a sentence, where the image cannot be had; the signal's reason where it aborts. */
export async function ensureImage(engine: Engine, image: string, options: EnsureOptions): Promise<void> {
  checkName(image);
  if (await present(engine, image)) return;
  const reference = withTag(image);
  options.onProgress(`pulling ${reference}`);
  const authconfig = await credentialsFor(image);
  try {
    const stream = await asking(engine, async () =>
      engine.docker.pull(reference, { abortSignal: options.signal, ...(authconfig && { authconfig }) }),
    );
    await followPull(stream as NodeJS.ReadableStream & { destroy(): void }, options);
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof PullFailed) throw new ImageMissing(sentence(reference, error.message), { cause: error });
    if (statusOf(error) === undefined) throw error;
    throw new ImageMissing(sentence(reference, wordsOf(error)), { cause: error });
  }
  options.onProgress(`pulled ${reference}`);
}

async function present(engine: Engine, image: string): Promise<boolean> {
  try {
    await asking(engine, async () => engine.docker.getImage(withTag(image)).inspect());
    return true;
  } catch (error) {
    if (statusOf(error) === 404 || statusOf(error) === 400) return false;
    throw error;
  }
}

class PullFailed extends Error {}

interface PullMessage {
  readonly id?: string;
  readonly status?: string;
  readonly error?: string;
}

/** Reads the pull's JSON lines: each change of a layer's status is one line of progress; percentages are not. */
async function followPull(stream: NodeJS.ReadableStream & { destroy(): void }, options: EnsureOptions): Promise<void> {
  const said = new Map<string, string>();
  let rest = "";
  const stop = (): void => stream.destroy();
  options.signal.addEventListener("abort", stop, { once: true });
  try {
    stream.setEncoding("utf8");
    for await (const text of stream) {
      const lines = (rest + String(text)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.trim() !== "") report(JSON.parse(line) as PullMessage, said, options);
    }
    if (rest.trim() !== "") report(JSON.parse(rest) as PullMessage, said, options);
  } finally {
    options.signal.removeEventListener("abort", stop);
  }
  options.signal.throwIfAborted();
}

function report(message: PullMessage, said: Map<string, string>, options: EnsureOptions): void {
  if (message.error !== undefined) throw new PullFailed(message.error);
  const { id = "", status = "" } = message;
  if (status === "" || said.get(id) === status) return;
  said.set(id, status);
  options.onProgress(id === "" ? status : `${id}: ${status}`);
}

function sentence(reference: string, words: string): string {
  const registry = registryOf(reference);
  const place = registry.startsWith("https://index.docker.io") ? "Docker Hub" : registry;
  if (/authentication required|unauthorized|denied|no basic auth/i.test(words)) {
    return `The image ${reference} could not be pulled: ${place} does not know it, or wants a login on this host (docker login). Docker said: ${words}`;
  }
  if (/manifest.*unknown|not found|does not exist|name unknown/i.test(words)) {
    return `There is no image ${reference}: neither on this host nor at ${place}. Docker said: ${words}`;
  }
  if (/invalid reference|invalid repository|must be lowercase/i.test(words)) {
    return `"${reference}" is not a valid image name. Docker said: ${words}`;
  }
  return `The image ${reference} is not on this host and could not be pulled from ${place}. Docker said: ${words}`;
}

/** Names of images that no container has, running or not, and that a registry has too, so that they can be pulled again. */
export async function idleImages(engine: Engine): Promise<Set<string>> {
  const [images, containers] = await asking(engine, async () =>
    Promise.all([engine.docker.listImages(), engine.docker.listContainers({ all: true })]),
  );
  const used = new Set(containers.map((container) => container.ImageID));
  return new Set(images.filter((image) => !used.has(image.Id)).flatMap(pullableNames));
}

/** Those under whose repository a registry knows it: a name that was only ever given here has no digest. */
function pullableNames(image: {
  readonly RepoTags?: string[] | undefined;
  readonly RepoDigests?: string[] | undefined;
}): string[] {
  const digests = image.RepoDigests ?? [];
  const repositories = new Set(digests.map((digest) => digest.slice(0, digest.indexOf("@"))));
  const tags = (image.RepoTags ?? []).filter((tag) => repositories.has(tag.slice(0, tag.lastIndexOf(":"))));
  return [...tags, ...digests];
}

/** False where something uses it by now. */
export async function removeImage(engine: Engine, image: string): Promise<boolean> {
  try {
    await asking(engine, async () => engine.docker.getImage(image).remove() as Promise<unknown>);
    return true;
  } catch (error) {
    if (statusOf(error) === 409 || statusOf(error) === 404) return false;
    throw error;
  }
}
