// An experiment on the wire, built by SQL: JavaScript would lose metadata's key order and numbers beyond 2^53.
// Expects a row of jobs as `j` and its latest attempt, if any, as `a`. Joined with `||` from casts to text, which takes less
// than half the time of json_build_object: that looks up the type of every argument anew in each row (docs/performance.md).

/** A JSON text, or an SQL expression that gives one; never null. */
type Part = { readonly text: string } | { readonly value: string };

const value = (expression: string): Part[] => [{ value: expression }];
/** A number or a json that is always there. */
const plain = (column: string): Part[] => value(`${column}::text`);
const nullable = (column: string): Part[] => value(`coalesce(${column}::text, 'null')`);
/** A text: escaped. */
const string = (column: string): Part[] => value(`to_json(${column})::text`);
const nullableString = (column: string): Part[] => value(`coalesce(to_json(${column})::text, 'null')`);
/** Mostly empty, and then cheap. */
const json = (column: string): Part[] => value(`case when ${column} = '{}' then '{}' else ${column}::text end`);
const array = (column: string): Part[] =>
  value(`case when ${column} = '{}' then '[]' else to_json(${column})::text end`);
/** A uuid or a status: nothing in it has to be escaped. */
const word = (column: string): Part[] => [{ text: '"' }, { value: `${column}::text` }, { text: '"' }];
const time = (column: string): Part[] =>
  value(`coalesce(to_char(${column} at time zone 'UTC', '\\"YYYY-MM-DD"T"HH24:MI:SS.US"Z\\""'), 'null')`);

function object(fields: Readonly<Record<string, readonly Part[]>>, end: readonly Part[] = [{ text: "}" }]): Part[] {
  const parts = Object.entries(fields).flatMap(([key, parts], place) => [
    { text: `${place === 0 ? "{" : ", "}"${key}" : ` },
    ...parts,
  ]);
  return [...parts, ...end];
}

function joined(parts: readonly Part[]): string {
  const words: string[] = [];
  let text = "";
  for (const part of parts) {
    if ("text" in part) text += part.text;
    else {
      words.push(`'${text}'`, part.value);
      text = "";
    }
  }
  return balanced([...words, `'${text}'`]);
}

/** Halves joined rather than one after the other: what is long already is copied less often. */
function balanced(words: readonly string[]): string {
  const [first = "''"] = words;
  if (words.length < 2) return first;
  const middle = words.length >> 1;
  return `(${balanced(words.slice(0, middle))} || ${balanced(words.slice(middle))})`;
}

const attempt = object({
  number: plain("a.number"),
  id: word("a.id"),
  host: string("a.host"),
  gpus: array("a.gpus"),
  placed_at: time("a.placed_at"),
  started_at: time("a.started_at"),
  ended_at: time("a.ended_at"),
  closed_at: time("a.closed_at"),
  output: nullableString("a.output"),
  log_expired_at: time("a.log_expired_at"),
  result: nullable("a.result"),
});

/** What is not there is left out. */
const options = "case when j.docker_options = '{}' then '}' else ', ' || substr(j.docker_options::text, 2) end";

const fields: Readonly<Record<string, readonly Part[]>> = {
  id: word("j.id"),
  name: string("j.name"),
  description: string("j.description"),
  docker: object(
    {
      image: string("j.docker_image"),
      command: string("j.docker_command"),
      environment: json("j.docker_environment"),
    },
    value(options),
  ),
  created_at: time("j.created_at"),
  updated_at: time("j.updated_at"),
  status: word("j.status"),
  metadata: nullable("j.metadata"),
  resources: json("j.resources"),
  priority: plain("j.priority"),
  time_limit: nullableString("j.time_limit"),
  time_limit_warning: nullable("j.time_limit_warning"),
  retries: nullable("j.retries"),
  retried: plain("j.retried"),
  not_before: time("j.not_before"),
  after: array("j.after"),
  notify: value("coalesce(to_json(j.notify)::text, 'null')"),
  group: nullableString("j.group_id"),
  combination: nullable("j.combination"),
  owner: nullableString("j.owner"),
  host: nullableString("j.host"),
  started_at: time("j.started_at"),
  ended_at: time("j.ended_at"),
  result: nullable("j.result"),
  attempt: value(`case when a.id is null then 'null' else ${joined(attempt)} end`),
};

/** The expression; its type is text. */
export const experimentJson = joined(object(fields));

const none: readonly Part[] = [{ text: "null" }];
/** The time of the transaction, which a new row has in its columns: written out once a statement. */
const created: readonly Part[] = time("now()").map((part) =>
  "value" in part ? { value: `(select ${part.value})` } : part,
);

/** The same for a row that was inserted just now, of `j` alone: what comes with time is not there yet. */
export const newExperimentJson = joined(
  object({
    ...fields,
    created_at: created,
    updated_at: created,
    status: [{ text: '"ENQUEUED"' }],
    retried: [{ text: "0" }],
    not_before: none,
    host: none,
    started_at: none,
    ended_at: none,
    result: none,
    attempt: none,
  }),
);

/** Joins the latest attempt of `j` as `a`. */
export const latestAttempt = "left join skeduler.attempts a on a.experiment_id = j.id and a.number = j.attempt";
