// A TCP proxy on loopback in front of a real server (the Engine's socket, Postgres, the API) whose connections can be cut (new
// ones refused), stalled (what was sent arrives later), silenced (half-open: nothing arrives any more, no end either, and on
// those connections never again) or delayed, until it is mended.

import { connect, createServer, type NetConnectOpts, type Server, type Socket } from "node:net";
import { Transform, type TransformCallback } from "node:stream";

type Mode = "open" | "cut" | "stalled" | "silent";

interface State {
  mode: Mode;
  delay: number;
  /** What waits for the mending. */
  readonly held: Set<() => void>;
}

/** One connection with both its ends. */
interface Pair {
  readonly ends: readonly [Socket, Socket];
  /** It was silenced: its bytes go nowhere. */
  mute: boolean;
}

export class CutProxy implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #pairs: Set<Pair>;
  readonly #state: State;

  private constructor(server: Server, port: number, pairs: Set<Pair>, state: State) {
    this.#server = server;
    this.port = port;
    this.#pairs = pairs;
    this.#state = state;
  }

  /** `target`: "unix:///path/of/a.sock", or any address with a host and a port. */
  static async start(target: string): Promise<CutProxy> {
    const pairs = new Set<Pair>();
    const state: State = { mode: "open", delay: 0, held: new Set() };
    const server = createServer((client) => {
      if (state.mode === "cut") {
        client.resetAndDestroy();
        return;
      }
      join({ ends: [client, connect(optionsOf(target))], mute: state.mode === "silent" }, pairs, state);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return new CutProxy(server, address.port, pairs, state);
  }

  /** Ends every connection and refuses new ones. */
  cut(): void {
    this.#state.mode = "cut";
    this.#destroyAll();
  }

  /** Holds back what is sent, ends too, until it is mended. */
  stall(): void {
    this.#state.mode = "stalled";
  }

  /** Loses what is sent, ends too. Once mended, new connections work and both sides may end the old ones. */
  silence(): void {
    this.#state.mode = "silent";
    for (const pair of this.#pairs) pair.mute = true;
  }

  /** Every piece of at most 64 KiB takes so long, ms. */
  delay(ms: number): void {
    this.#state.delay = ms;
  }

  mend(): void {
    this.#state.mode = "open";
    this.#state.delay = 0;
    for (const go of this.#state.held) go();
    this.#state.held.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#destroyAll();
    await new Promise((done) => this.#server.close(done));
  }

  #destroyAll(): void {
    for (const { ends } of this.#pairs) for (const end of ends) end.destroy();
  }
}

function join(pair: Pair, pairs: Set<Pair>, state: State): void {
  const [client, upstream] = pair.ends;
  pairs.add(pair);
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    from.on("error", () => undefined); // its close follows
    from.on("close", () => {
      pairs.delete(pair);
      whenPassable(state, () => to.destroy());
    });
    from.pipe(gate(pair, state)).pipe(to);
  }
}

/** Passes pieces on as the state allows. */
function gate(pair: Pair, state: State): Transform {
  return new Transform({
    transform: (piece: Buffer, _encoding, done: TransformCallback) => {
      const pass = (): void => {
        if (pair.mute) done();
        else if (state.delay > 0) setTimeout(done, state.delay, null, piece);
        else done(null, piece);
      };
      if (pair.mute) done();
      else whenPassable(state, pass);
    },
  });
}

function whenPassable(state: State, work: () => void): void {
  if (state.mode === "stalled" || state.mode === "silent") state.held.add(work);
  else work();
}

function optionsOf(target: string): NetConnectOpts {
  if (target.startsWith("unix://")) return { path: target.slice("unix://".length) };
  const { hostname, port } = new URL(target);
  return { host: hostname, port: Number(port === "" ? 5432 : port) };
}
