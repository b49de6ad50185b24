#!/usr/bin/env node
// Plain old JavaScript, for whatever Node a machine has (12 and newer): finds a Node that runs this TypeScript (24 or newer), this
// one or the checkout's, and runs the program with it; or says in one sentence what is missing.
import { spawn } from "child_process";
import { existsSync } from "fs";
import { dirname, join } from "path";
import module from "module";
import { fileURLToPath, pathToFileURL } from "url";

var root = dirname(dirname(fileURLToPath(import.meta.url)));
var main = join(root, "runtime", "bin", "main.ts");

function isNewEnough(version) {
  return parseInt(version, 10) >= 24;
}

function fail(sentence) {
  console.error("skeduler: " + sentence);
  process.exitCode = 1;
}

function runWith(node) {
  // As bin/skeduler has it, which says why.
  var words = process.argv.slice(2);
  var answers = /^(api|up)$/.test(words[0]);
  var flags = answers ? ["--max-semi-space-size=16", "--heap-growing-percent=200"] : ["--max-semi-space-size=4"];
  process.env.MALLOC_ARENA_MAX = process.env.MALLOC_ARENA_MAX || "2";
  if (words[0] === "runner") process.env.MALLOC_MMAP_THRESHOLD_ = process.env.MALLOC_MMAP_THRESHOLD_ || "131072";
  var child = spawn(node, flags.concat("--", main, words), { stdio: "inherit" });
  var signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  function forward(signal) {
    child.kill(signal);
  }
  signals.forEach(function (signal) {
    process.on(signal, forward);
  });
  child.on("error", function (error) {
    fail("the checkout's own Node (" + node + ") cannot be run (" + error.code + "); run `npm ci` again.");
  });
  child.on("exit", function (code, signal) {
    if (signal === null) process.exit(code);
    // Ended by a signal: so do we, and the shell sees the truth.
    signals.forEach(function (name) {
      process.removeListener(name, forward);
    });
    process.kill(process.pid, signal);
  });
}

// What was compiled is kept for the next start, in a folder of this user's: what lies there is run.
function keepCompiled() {
  if (!module.enableCompileCache || process.env.NODE_COMPILE_CACHE) return;
  var cache = process.env.XDG_CACHE_HOME || (process.env.HOME && join(process.env.HOME, ".cache"));
  if (cache) module.enableCompileCache(join(cache, "skeduler"));
}

function start() {
  if (!existsSync(join(root, "node_modules", "hono"))) {
    fail("its packages are missing; run `npm ci` in " + root + ".");
    return;
  }
  if (isNewEnough(process.versions.node)) {
    process.argv[1] = main;
    keepCompiled();
    import(pathToFileURL(main).href);
    return;
  }
  var own = ["node_modules/node/bin/node", "node_modules/.bin/node"]
    .map(function (path) {
      return join(root, path);
    })
    .filter(existsSync)[0];
  if (own === undefined) {
    fail(
      "it needs Node 24 or newer and this is " +
        process.versions.node +
        "; install a newer one, or run `npm ci` in " +
        root +
        ", which brings one.",
    );
    return;
  }
  runWith(own);
}

start();
