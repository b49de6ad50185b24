// skeduler why: why an experiment waits, and what each host lacks for it.

import { checked } from "../client.ts";
import { jsonLine } from "../json-line.ts";
import { findId } from "../find.ts";
import type { Verb } from "../session.ts";
import { printTable } from "../table.ts";
import { plain } from "../text.ts";
import { ahead } from "../time.ts";
import { placement } from "../wire.ts";

export const run: Verb["run"] = async ({ client, out, json }, [reference = ""]) => {
  const path = `/experiments/${await findId(client, reference)}/placement`;
  const text = await client.text("GET", path);
  if (json) {
    await out.write(jsonLine(text));
    return 0;
  }
  const { message, position, estimated_start: start, reservation, hosts } = checked(placement, text, path);
  const lines = [
    plain(message),
    ...(position === null ? [] : [`It is number ${position} in the line.`]),
    ...(start === null
      ? []
      : [`It may start ${ahead(start, Date.now())} (${new Date(start).toLocaleString("sv-SE")}).`]),
    ...(reservation === null ? [] : [`A place is reserved for it on ${plain(reservation.host)}.`]),
  ];
  await out.write(`${lines.join("\n")}\n`);
  if (hosts.length === 0) return 0;
  await out.write("\n");
  await printTable(
    [
      { title: "HOST", text: (one) => one.host, least: 8 },
      { title: "FITS", text: (one) => (one.fits ? "yes" : "no"), paint: (one) => (one.fits ? "green" : "red") },
      { title: "RULE", text: (one) => one.rule ?? "", optional: 1 },
      { title: "WHY", text: (one) => one.message, least: 20 },
    ],
    hosts,
    out,
  );
  return 0;
};
