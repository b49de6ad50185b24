// The calls of experiments and of their groups.

import { z } from "zod";
import { listExperimentsQuery } from "../../functions/list-experiments.ts";
import { getGroupQuery } from "../../functions/get-group.ts";
import { listGroupsQuery } from "../../functions/list-groups.ts";
import { groupChange } from "../../functions/update-group.ts";
import { experimentMetrics, metricsQuery } from "../metrics/query.ts";
import { experimentChange, newExperiment, newExperiments, newSweep } from "../experiment/schema.ts";
import { experimentAnswer, groupAnswer, nextPage, placementAnswer, sweepAnswer } from "./answers.ts";
import type { Operation } from "./operation.ts";

const newBody = z.union([
  newExperiment.meta({ id: "NewExperiment" }),
  newSweep.meta({ id: "NewSweep" }),
  newExperiments.meta({ id: "NewExperiments" }),
]);

export const experimentOperations: readonly Operation[] = [
  {
    method: "GET",
    path: "/experiments",
    id: "listExperiments",
    tag: "Experiments",
    summary: "List experiments",
    description: "All of them, oldest first, unless asked otherwise; streamed, so that any number is possible.",
    query: listExperimentsQuery,
    answers: { 200: { description: "The experiments.", content: z.array(experimentAnswer), headers: nextPage } },
    errors: ["validation"],
  },
  {
    method: "POST",
    path: "/experiments",
    id: "createExperiment",
    tag: "Experiments",
    summary: "Enqueue an experiment, an array of them, or a sweep",
    description:
      "An array, or a body with a `matrix` (a sweep: one experiment for each combination), is created whole or not at all. Fields that the server assigns are ignored.",
    headers: { "Idempotency-Key": "1 to 255 characters: a repeat within 24 hours answers what the first one made" },
    body: {
      schema: newBody,
      example: {
        name: "train",
        docker: { image: "pytorch/pytorch", command: "python train.py --lr 0.1", environment: { SEED: 1 } },
        resources: { gpus: 2, gpu_memory: "40GiB" },
        time_limit: "12h",
      },
    },
    answers: {
      200: {
        description: "The complete experiment; an array of them; or a sweep's group with its experiments.",
        content: z.union([experimentAnswer, z.array(experimentAnswer), sweepAnswer]),
      },
    },
    errors: ["quota", "idempotency_mismatch"],
  },
  {
    method: "GET",
    path: "/experiments/{id}",
    id: "getExperiment",
    tag: "Experiments",
    summary: "One experiment",
    answers: { 200: { description: "The experiment.", content: experimentAnswer } },
  },
  {
    method: "PUT",
    path: "/experiments/{id}",
    id: "updateExperiment",
    tag: "Experiments",
    summary: "Change, cancel or enqueue again",
    description:
      'Any of name, description, metadata, priority and status; what is absent, `""` or null stays. Status CANCELLED takes it out of the queue or stops it; ENQUEUED runs an ended one again as far as quotas allow (429 `quota`). A whole experiment as GET gave it is accepted: what equals is ignored, and an `updated_at` that is not the current one is refused (409 `stale`).',
    body: { schema: experimentChange.meta({ id: "ExperimentChange" }), example: { status: "CANCELLED" } },
    answers: { 200: { description: "The experiment as it is now.", content: experimentAnswer } },
    errors: ["immutable", "conflict", "stale", "quota"],
  },
  {
    method: "GET",
    path: "/experiments/{id}/metrics",
    id: "getExperimentMetrics",
    tag: "Experiments",
    summary: "What it took, and what it printed as metrics",
    description:
      "Series of the latest attempt, or of `attempt`: sampled by the runner (CPU, memory, network, disk, its GPUs), and printed by the program as `::metric name=value`. In at most 500 points each, or one per `step`.",
    query: metricsQuery,
    answers: { 200: { description: "The series.", content: experimentMetrics.meta({ id: "ExperimentMetrics" }) } },
    errors: ["validation", "log_expired"],
  },
  {
    method: "GET",
    path: "/experiments/{id}/placement",
    id: "getPlacement",
    tag: "Experiments",
    summary: "Why it waits",
    description:
      "Its position in the line, the first rule that each host fails for it, and when it may start, by the code that places.",
    answers: { 200: { description: "Why it waits, or that it does not.", content: placementAnswer } },
  },
  {
    method: "GET",
    path: "/groups",
    id: "listGroups",
    tag: "Groups",
    summary: "List sweeps, newest first",
    query: listGroupsQuery,
    answers: { 200: { description: "The groups.", content: z.array(groupAnswer), headers: nextPage } },
    errors: ["validation"],
  },
  {
    method: "GET",
    path: "/groups/{id}",
    id: "getGroup",
    tag: "Groups",
    summary: "One sweep: its matrix, and how its experiments fare",
    description: "With `wait` it is watched: the answer comes when something has changed, or all have ended.",
    query: getGroupQuery,
    headers: { "If-None-Match": "the ETag of an earlier answer: what has changed since is not waited for" },
    answers: {
      200: { description: "The group.", content: groupAnswer, headers: { ETag: "another one with each change" } },
      304: { description: "Nothing has changed.", content: "" },
    },
    errors: ["validation"],
  },
  {
    method: "PUT",
    path: "/groups/{id}",
    id: "updateGroup",
    tag: "Groups",
    summary: "Cancel all of a sweep that waits or runs",
    body: { schema: groupChange.meta({ id: "GroupChange" }), example: { status: "CANCELLED" } },
    answers: { 200: { description: "The group as it is now.", content: groupAnswer } },
  },
];
