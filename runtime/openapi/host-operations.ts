// The calls of hosts.

import { z } from "zod";
import { hostChange } from "../../functions/update-host.ts";
import { hostAnswer, hostRemoved } from "./answers.ts";
import type { Operation } from "./operation.ts";

export const hostOperations: readonly Operation[] = [
  {
    method: "GET",
    path: "/hosts",
    id: "listHosts",
    tag: "Hosts",
    summary: "Every host: what it has, who holds what, whether it lives",
    answers: { 200: { description: "The hosts by name.", content: z.array(hostAnswer) } },
  },
  {
    method: "GET",
    path: "/hosts/{name}",
    id: "getHost",
    tag: "Hosts",
    summary: "One host",
    answers: { 200: { description: "The host.", content: hostAnswer } },
  },
  {
    method: "PUT",
    path: "/hosts/{name}",
    id: "updateHost",
    tag: "Hosts",
    summary: "Cordon, drain or activate; or say what counts after a restore",
    description:
      "Nothing new is placed on a cordoned or draining host; what runs there finishes. Of what ran there after the moment to which the database was restored, `restored` says whether it counts.",
    body: {
      schema: hostChange.meta({ id: "HostChange" }),
      example: { state: "draining", reason: "new power supply" },
    },
    answers: { 200: { description: "The host as it is now.", content: hostAnswer } },
    errors: ["conflict"],
  },
  {
    method: "DELETE",
    path: "/hosts/{name}",
    id: "deleteHost",
    tag: "Hosts",
    summary: "Take a host off the list",
    description: "Refused while it lives or anything is open there. It comes back when its runner registers again.",
    answers: { 200: { description: "It is gone.", content: hostRemoved } },
    errors: ["conflict"],
  },
];
