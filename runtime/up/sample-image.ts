// The image of the sample experiment: busybox from the registry where one can be reached, else made from this machine's
// static busybox, without any registry. Trusts `tar`. Without a static busybox it ends in one sentence.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, copyFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { askEngine } from "./engine-http.ts";
import { aptGet, canInstallEngine } from "./install-engine.ts";
import { run } from "./processes.ts";

const localName = "skeduler-sample:local";
const remoteName = "busybox:1.36";

/** How long a registry may take, in ms: the image has 2 MB, so who needs longer has no registry that is worth waiting for. */
const pullPatience = 20_000;

/** An image that the Engine has now and that has `sh` and `awk`; returns its name. */
export async function chooseSampleImage(engineHost: string, log: (line: string) => void): Promise<string> {
  for (const name of [remoteName, localName]) if (await hasImage(engineHost, name)) return name;
  const [image = "", tag = ""] = remoteName.split(":");
  const pull = askEngine(engineHost, "POST", `/images/create?fromImage=${image}&tag=${tag}`, { timeout: pullPatience });
  const pulled = await pull.catch(() => undefined);
  if (pulled?.status === 200 && (await hasImage(engineHost, remoteName))) return remoteName;
  log(`no registry can be reached: making the image ${localName} from this machine's busybox`);
  return makeSampleImage(engineHost);
}

/** Makes `skeduler-sample:local`, unless the Engine has it; returns its name. */
export async function makeSampleImage(engineHost: string): Promise<string> {
  if (await hasImage(engineHost, localName)) return localName;
  const busybox = await staticBusybox();
  const folder = mkdtempSync(join(tmpdir(), "skeduler-image-"));
  try {
    await layOut(folder, busybox);
    const tar = spawn("tar", ["--numeric-owner", "--owner=0", "--group=0", "-C", folder, "-cf", "-", "."], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    tar.on("error", (error) => tar.stdout.destroy(error));
    const [repository = "", tag = ""] = localName.split(":");
    const changes = ["ENV PATH=/bin", 'CMD ["sh"]'].map((change) => `&changes=${encodeURIComponent(change)}`).join("");
    const path = `/images/create?fromSrc=-&repo=${repository}&tag=${tag}${changes}`;
    const answer = await askEngine(engineHost, "POST", path, { body: tar.stdout, timeout: 60_000 });
    if (answer.status === 200 && (await hasImage(engineHost, localName))) return localName;
    throw new UserError(`The sample image could not be made: ${answer.body.trim().slice(0, 300)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function hasImage(engineHost: string, name: string): Promise<boolean> {
  return (await askEngine(engineHost, "GET", `/images/${name}/json`)).status === 200;
}

async function staticBusybox(): Promise<string> {
  const places = ["/bin/busybox", "/usr/bin/busybox"];
  const find = async (): Promise<string | undefined> => {
    for (const place of places) if (existsSync(place) && (await isStatic(place))) return place;
    return undefined;
  };
  const found = await find();
  if (found !== undefined) return found;
  if (canInstallEngine()) await aptGet(["install", "-y", "--no-install-recommends", "busybox-static"], () => undefined);
  const installed = await find();
  if (installed !== undefined) return installed;
  throw new UserError(
    "The sample needs an image: no registry can be reached and there is no static busybox (Debian's package busybox-static).",
  );
}

/** A dynamic program names its loader; `ldd` fails or says so for one without. */
async function isStatic(program: string): Promise<boolean> {
  const ran = await run("ldd", [program]).catch(() => ({ code: 1, output: "" }));
  return ran.code !== 0 || /not a dynamic|statically linked/.test(ran.output);
}

async function layOut(folder: string, busybox: string): Promise<void> {
  for (const name of ["bin", "etc", "tmp", "root", "home"]) mkdirSync(join(folder, name));
  copyFileSync(busybox, join(folder, "bin/busybox"));
  const applets = await run(busybox, ["--list"]);
  for (const applet of applets.output.split("\n"))
    if (/^[\w.[-]+$/.test(applet) && applet !== "busybox") symlinkSync("busybox", join(folder, "bin", applet));
  writeFileSync(
    join(folder, "etc/passwd"),
    "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
  );
  writeFileSync(join(folder, "etc/group"), "root:x:0:\nnogroup:x:65534:\n");
}
