// The command line as its users meet it: a process of its own with a home of its own, on pipes or on a pseudo-terminal (made by
// script(1), which every Debian has). Waits are for what it says.

import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const program = new URL("../../bin/skeduler.js", import.meta.url).pathname;

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A home without anything in it, and processes there. */
export class Home implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "skeduler-home-"));
  readonly env: Record<string, string>;
  readonly #talks: Talk[] = [];

  /** `server`: whom it talks to by SKEDULER_HOST and SKEDULER_TOKEN. */
  constructor(server?: { readonly url: string; readonly token: string }) {
    const kept = Object.entries(process.env).filter(
      ([name]) => !/^(SKEDULER_(?!TEST_)|XDG_CONFIG|NO_COLOR|FORCE_COLOR)/.test(name),
    ) as [string, string][];
    this.env = {
      ...Object.fromEntries(kept),
      HOME: this.folder,
      TERM: "xterm-256color",
      ...(server && { SKEDULER_HOST: server.url, SKEDULER_TOKEN: server.token }),
    };
  }

  start(words: readonly string[], env: Record<string, string> = {}): Talk {
    return this.#talk(process.execPath, ["--", program, ...words], env);
  }

  #talk(file: string, words: readonly string[], env: Record<string, string>): Talk {
    const talk = new Talk(file, words, { ...this.env, ...env }, this.folder);
    this.#talks.push(talk);
    return talk;
  }

  /** Runs to its end. */
  async run(
    words: readonly string[],
    { env = {}, stdin = "" }: { env?: Record<string, string>; stdin?: string } = {},
  ): Promise<Ended> {
    const talk = this.start(words, env);
    talk.child.stdin.end(stdin);
    return { code: await talk.ended, out: talk.out, err: talk.err };
  }

  /** On a terminal of this size; what it shows is `out`, what is written to stdin is typed. */
  terminal(
    words: readonly string[],
    { columns = 100, rows = 30, env = {} }: { columns?: number; rows?: number; env?: Record<string, string> } = {},
  ): Talk {
    const quoted = [process.execPath, "--", program, ...words]
      .map((word) => `'${word.replaceAll("'", `'"'"'`)}'`)
      .join(" ");
    const command = `stty cols ${columns} rows ${rows}; echo tty=$(tty); exec ${quoted}`;
    return this.#talk("script", ["-qec", command, "/dev/null"], { ...env, SHELL: "/bin/sh" });
  }

  /** An interactive bash on a terminal, which finds `skeduler`; what is written to stdin is typed. */
  bash(): Talk {
    const path = `${dirname(program)}:${this.env["PATH"] ?? ""}`;
    const command = "stty cols 200; exec bash --norc --noprofile -i";
    return this.#talk("script", ["-qec", command, "/dev/null"], { SHELL: "/bin/sh", PATH: path });
  }

  /** What a failed test left running ends too. */
  [Symbol.dispose](): void {
    for (const { child } of this.#talks) if (child.exitCode === null) child.kill("SIGTERM");
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class Talk {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<number | null>;
  out = "";
  err = "";
  #heard = Promise.withResolvers<undefined>();

  constructor(file: string, words: readonly string[], env: Record<string, string>, cwd: string) {
    this.child = spawn(file, words, { env, cwd, stdio: "pipe" });
    const hear = (name: "out" | "err") => (text: string) => {
      this[name] += text;
      this.#heard.resolve(undefined);
      this.#heard = Promise.withResolvers();
    };
    this.child.stdout.setEncoding("utf8").on("data", hear("out"));
    this.child.stderr.setEncoding("utf8").on("data", hear("err"));
    this.child.stdin.on("error", () => undefined); // it may end without reading
    this.ended = new Promise((resolve) => this.child.on("close", resolve));
  }

  type(text: string): void {
    this.child.stdin.write(text);
  }

  /** Resolves once what it said since `from` matches; rejects where it ends without. */
  async says(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    const gone = new AbortController();
    const end = this.ended.then(() => gone.abort());
    for (;;) {
      const match = pattern.exec(this.out.slice(from)) ?? pattern.exec(this.err);
      if (match !== null) return match;
      if (gone.signal.aborted) throw new Error(`it ended without saying ${String(pattern)}: ${this.out}\n${this.err}`);
      await Promise.race([this.#heard.promise, end]);
    }
  }
}
