// The disk of the database is full: what cannot be stored waits, in Docker's own log, and is stored when there is room again.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { asAdmin } from "../support/database.ts";
import { rootOnly } from "../support/root-only.ts";
import { RunnerProcess } from "../support/runner-process.ts";
import { System } from "../support/system.ts";

/** A small disk of its own for Postgres, and a tablespace on it. */
class SmallDisk implements AsyncDisposable {
  readonly name: string;
  readonly #folder: string;

  private constructor(name: string, folder: string) {
    this.name = name;
    this.#folder = folder;
  }

  static async mount(mebibytes: number): Promise<SmallDisk> {
    const folder = mkdtempSync(join(tmpdir(), "skeduler-disk-"));
    chmodSync(folder, 0o755);
    return asAdmin(async (client) => {
      const { rows } = await client.query("show data_directory");
      const { uid } = statSync(z.object({ data_directory: z.string() }).parse(rows[0]).data_directory);
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m,mode=700,uid=${uid}`, "skeduler-test", folder]);
      const name = `small_${process.pid}`;
      await client.query(`create tablespace ${name} location '${folder}'`);
      return new SmallDisk(name, folder);
    });
  }

  grow(mebibytes: number): void {
    execFileSync("mount", ["-o", `remount,size=${mebibytes}m`, this.#folder]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await asAdmin(async (client) => client.query(`drop tablespace ${this.name}`));
    execFileSync("umount", [this.#folder]);
    rmSync(this.#folder, { recursive: true });
  }
}

test(
  "no room for a log in the database: it waits, is named, and is whole when there is room",
  rootOnly("mount a small disk"),
  async () => {
    await using disk = await SmallDisk.mount(4);
    await using system = await System.start();
    const { rows } = await system.query("select 'log_chunks_' || to_char(current_date, 'YYYYMMDD') as today");
    await system.query(`alter table skeduler.${String(rows[0]?.["today"])} set tablespace ${disk.name}`);
    const runner = await RunnerProcess.start(system, "full");
    try {
      const line = "x".repeat(99);
      const { id } = await system.postScript(`yes ${line} | head -n 100000; exit 5`);
      await runner.says(/could not extend file.*the log cannot be stored/);
      const other = await system.post({ command: "true" }, { resources: { host: "none" } });
      assert.equal(other.status, "ENQUEUED");
      assert.equal((await system.get(id)).status, "RUNNING");
      disk.grow(64);
      const done = await system.ended(id);
      assert.deepEqual([done.status, done.result?.exit_code, done.attempt?.number], ["FINISHED", 5, 1]);
      const log = (await system.log(id, "?stream=stdout")).toString();
      assert.ok(log === `${line}\n`.repeat(100_000), "the log is not what was written");
    } finally {
      await runner.stop();
    }
  },
);
