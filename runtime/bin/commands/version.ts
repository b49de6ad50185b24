// skeduler version: one line on stdout.
import { versionOf } from "../../version.ts";

export async function run(): Promise<void> {
  process.stdout.write(`${versionOf()}\n`);
  return Promise.resolve();
}
