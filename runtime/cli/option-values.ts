// The values of options: numbers that are some, and lists of what is given several times.

import { InvalidArgumentError } from "commander";

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

const streams: readonly string[] = ["stdout", "stderr", "skeduler"];

/** As the server takes it: streams joined by commas. */
export function streamList(text: string): string {
  if (text.split(",").some((one) => !streams.includes(one)))
    throw new InvalidArgumentError(`Allowed are ${streams.join(", ")}, joined by commas.`);
  return text;
}
