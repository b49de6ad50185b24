// skeduler context ls|use, skeduler logout: the servers that are kept, without ever showing a token.

import { UserError } from "../../errors.ts";
import { contextsFile, readContexts, writeContexts } from "../contexts.ts";
import type { Verb } from "../session.ts";
import { printTable } from "../table.ts";

export const ls: Verb["run"] = async ({ env, out, json, say }) => {
  const { current, contexts } = readContexts(env);
  const all = Object.entries(contexts).map(([name, { host }]) => ({ name, host, current: name === current }));
  if (json) await out.write(`${JSON.stringify(all)}\n`);
  else if (all.length === 0) say(`There is none in ${contextsFile(env)}: \`skeduler login ADDRESS\`.`);
  else
    await printTable(
      [
        { title: "", text: (one) => (one.current ? "*" : "") },
        { title: "NAME", text: (one) => one.name },
        { title: "HOST", text: (one) => one.host },
      ],
      all,
      out,
    );
  return 0;
};

export const use: Verb["run"] = async ({ env, say }, [name = ""]) => {
  const { contexts } = readContexts(env);
  if (contexts[name] === undefined)
    throw new UserError(`There is no context "${name}": \`skeduler context ls\` shows what there is.`);
  writeContexts(env, { current: name, contexts });
  say(`Now using ${name} (${contexts[name].host}).`);
  return Promise.resolve(0);
};

export const logout: Verb["run"] = async ({ env, say }, [asked]) => {
  const { current, contexts } = readContexts(env);
  const name = asked ?? current ?? undefined;
  if (name === undefined || contexts[name] === undefined)
    throw new UserError(name === undefined ? "You are not logged in." : `There is no context "${name}".`);
  const left = Object.entries(contexts).filter(([one]) => one !== name);
  writeContexts(env, { current: current === name ? null : current, contexts: Object.fromEntries(left) });
  say(`Forgot ${name}.`);
  return Promise.resolve(0);
};
