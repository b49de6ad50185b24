// The limit of reading: psql's COPY of a SELECT to nowhere, with the time that psql itself takes to start and connect.

import { spawn } from "node:child_process";
import { UserError } from "../../runtime/errors.ts";
import { timed } from "./rounds.ts";

/** ms. */
export async function copyMs(database: string, select: string, format: "text" | "binary" = "text"): Promise<number> {
  return timed(async () => {
    const words = ["-q", "-o", "/dev/null", "-c", `copy (${select}) to stdout (format ${format})`, database];
    const child = spawn("psql", words, { stdio: ["ignore", "ignore", "inherit"] });
    const code = await new Promise((resolve, reject) => {
      child.on("exit", resolve);
      child.on("error", (cause) =>
        reject(
          new UserError("psql is not installed: apt-get install postgresql-client (Debian) brings it.", { cause }),
        ),
      );
    });
    if (code !== 0) throw new Error("psql failed");
  });
}
