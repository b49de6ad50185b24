// The command line: how long a verb takes to start, against `node -e 0` with the same Node, interleaved; and the list of 10,000
// and a log of a million lines, with the memory that they take. npm run bench -- cli

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { Home } from "../test/support/cli.ts";
import { System, token } from "../test/support/system.ts";
import { report } from "./frame/figure.ts";
import { inTurn, sized, timed } from "./frame/rounds.ts";

const bin = new URL("../bin/", import.meta.url).pathname;
await using system = await System.start();
await system.addRunner("bench-cli");
using home = new Home({ url: system.url, token });

/** Runs to its end, its output read and thrown away; answers the most memory that it had, MiB. */
async function run(file: string, words: readonly string[]): Promise<number> {
  const child = spawn(file, words, { env: home.env, stdio: ["ignore", "pipe", "inherit"] });
  let most = 0;
  child.stdout.on("data", () => {
    const [, kilobytes = "0"] = /^VmHWM:\s+(\d+)/m.exec(statusOf(child.pid)) ?? [];
    most = Math.max(most, Number(kilobytes) / 1024);
  });
  await once(child, "close");
  return most;
}

function statusOf(pid: number | undefined): string {
  try {
    return readFileSync(`/proc/${pid ?? ""}/status`, "utf8");
  } catch {
    return ""; // it has ended
  }
}

const own = process.execPath;
/** The machine's, often an older one. */
const other = existsSync("/usr/bin/node") ? "/usr/bin/node" : own;
const { id } = await system.postScript(`seq 1 ${sized(1_000_000, 10_000)}`);
await system.ended(id);
await system.query(
  `insert into jobs (name, description, docker_image, docker_command, docker_environment, status)
     select 'bulk ' || n, '', 'i', '', '{}', 'FINISHED' from generate_series(1, $1::int) n`,
  [sized(10_000, 100)],
);

await run(`${bin}skeduler`, ["ls", "-n", "1"]); // what V8 compiles is kept from here on
const start = await inTurn(
  {
    node: async () => timed(async () => run(own, ["-e", "0"])),
    help: async () => timed(async () => run(`${bin}skeduler`, ["--help"])),
    ls: async () => timed(async () => run(`${bin}skeduler`, ["ls", "-n", "1"])),
    script: async () => timed(async () => run(own, [`${bin}skeduler.js`, "ls", "-n", "1"])),
    older: async () => timed(async () => run(other, [`${bin}skeduler.js`, "ls", "-n", "1"])),
  },
  sized(20, 2),
);
const goal = { atMost: 150 } as const;
const limit = { name: "node -e 0", values: start.node };
report({ name: "skeduler --help", unit: "ms", values: start.help, goal });
report({ name: "skeduler ls, one row from the server", unit: "ms", values: start.ls, goal });
report({ name: "skeduler ls: times node -e 0", unit: "ms", values: start.ls, limit });
report({ name: "skeduler.js ls by the checkout's Node", unit: "ms", values: start.script });
report({
  name: `skeduler.js ls by ${other}, which starts the checkout's where it is older`,
  unit: "ms",
  values: start.older,
});

const memory = { list: [] as number[], log: [] as number[] };
const large = await inTurn({
  list: async () => timed(async () => memory.list.push(await run(own, [`${bin}skeduler.js`, "ls"]))),
  log: async () => timed(async () => memory.log.push(await run(own, [`${bin}skeduler.js`, "logs", id]))),
});
report({ name: "ls of 10,000", unit: "ms", values: large.list });
report({ name: "ls of 10,000: memory", unit: "MiB", values: memory.list });
report({ name: "logs of a million lines", unit: "ms", values: large.log });
report({ name: "logs of a million lines: memory", unit: "MiB", values: memory.log });
