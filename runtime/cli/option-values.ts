// The values of options: numbers that are some, and lists of what is given several times.

import { InvalidArgumentError } from "commander";
import { statuses } from "../experiment/states.ts";

export function count(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

/** Of what there is no use in asking for none. */
export function some(text: string): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError("It must be a whole number from 1.");
  return Number(text);
}

/** Also below zero. */
export function integer(text: string): number {
  if (!/^-?\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

export function decimal(text: string): number {
  if (!/^\d*\.?\d+$/.test(text)) throw new InvalidArgumentError("It must be a number.");
  return Number(text);
}

/** For what may be given several times. */
export function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** What the values of these options may be; completion proposes them. */
export const streams: readonly string[] = ["stdout", "stderr", "skeduler"];
export const deliveryStates: readonly string[] = ["waiting", "sent", "failed"];

/** As the server takes it: some of the allowed, joined by commas. */
function listOf(allowed: readonly string[], text: string): string {
  if (text.split(",").some((one) => !allowed.includes(one)))
    throw new InvalidArgumentError(`Allowed are ${allowed.join(", ")}, joined by commas.`);
  return text;
}

export function streamList(text: string): string {
  return listOf(streams, text);
}

/** In any case, as the server takes them. */
export function statusList(text: string): string {
  return listOf(statuses, text.toUpperCase());
}

export function deliveryState(text: string): string {
  if (!deliveryStates.includes(text)) throw new InvalidArgumentError(`Allowed are ${deliveryStates.join(", ")}.`);
  return text;
}
