// The network of a private Engine: a bridge of its own with a free subnet, and the three packet rules that give it the world.
// Two Engines share `docker0` and wipe each other's chains, so ours gets neither: its own packet rules are switched off.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { UserError } from "../errors.ts";
import { run } from "./processes.ts";

/** Makes the bridge (or finds it as it was) with its packet rules. */
export async function makeBridge(name: string): Promise<void> {
  const known = await run("ip", ["-o", "-4", "addr", "show", "dev", name]);
  let address = /inet (\S+)/.exec(known.output)?.[1];
  if (known.code !== 0) await must("ip", ["link", "add", name, "type", "bridge"]);
  if (known.code !== 0 || address === undefined) {
    address = freeAddress(
      `${(await run("ip", ["-4", "route", "show", "table", "all"])).output}\n${nameservers()}`,
      name,
    );
    await must("ip", ["addr", "add", address, "dev", name]);
  }
  await must("ip", ["link", "set", name, "up"]);
  for (const [table, chain, rule] of rules(name, address)) {
    if ((await run("iptables", ["-t", table, "-C", chain, ...rule])).code === 0) continue;
    await must("iptables", ["-t", table, "-I", chain, ...rule]);
  }
}

/** Takes the rules and the bridge away; "already gone" is success. */
export async function removeBridge(name: string): Promise<void> {
  const known = await run("ip", ["-o", "-4", "addr", "show", "dev", name]);
  const address = /inet (\S+)/.exec(known.output)?.[1];
  if (address !== undefined)
    for (const [table, chain, rule] of rules(name, address)) await run("iptables", ["-t", table, "-D", chain, ...rule]);
  if (known.code === 0) await must("ip", ["link", "del", name]);
}

/** A /24 of 10.96.0.0 to 10.223.255.0 that overlaps no route; where the search starts depends on the name. Pure. */
export function freeAddress(routes: string, name: string): string {
  const taken = [...routes.matchAll(/(?<![\d.])(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?/g)].map((match) => {
    const [a = 0, b = 0, c = 0, d = 0] = match.slice(1, 5).map(Number);
    const size = 2 ** (32 - Number(match[5] ?? 32));
    const start = Math.floor((((a * 256 + b) * 256 + c) * 256 + d) / size) * size;
    return { start, end: start + size };
  });
  const first = createHash("sha256").update(name).digest().readUInt16BE() % 32_768;
  for (let step = 0; step < 32_768; step++) {
    const place = (first + step) % 32_768;
    const [b, c] = [96 + Math.floor(place / 256), place % 256];
    const start = ((10 * 256 + b) * 256 + c) * 256;
    if (!taken.some((range) => range.start < start + 256 && start < range.end)) return `10.${b}.${c}.1/24`;
  }
  throw new UserError(
    "No free subnet below 10.0.0.0/8 for a private Docker Engine: start an Engine of your own instead.",
  );
}

function rules(name: string, address: string): readonly (readonly [string, string, readonly string[]])[] {
  const established = ["-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED"];
  return [
    ["nat", "POSTROUTING", ["-s", address.replace(/\.1\/24$/, ".0/24"), "!", "-o", name, "-j", "MASQUERADE"]],
    ["filter", "FORWARD", ["-i", name, "-j", "ACCEPT"]],
    ["filter", "FORWARD", ["-o", name, ...established, "-j", "ACCEPT"]],
  ];
}

function nameservers(): string {
  try {
    return readFileSync("/etc/resolv.conf", "utf8").replace(/^(?!nameserver).*$/gm, "");
  } catch {
    return "";
  }
}

async function must(command: string, args: readonly string[]): Promise<void> {
  const ran = await run(command, args);
  if (ran.code === 0) return;
  throw new UserError(
    `A private Docker Engine needs a network bridge, but "${command} ${args.join(" ")}" failed: ${ran.output.trim()}`,
  );
}
