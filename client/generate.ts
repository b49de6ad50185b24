// npm run client: the types of the client, made from the OpenAPI document. `--check` fails where the file is another.

import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import openapiTS, { astToString } from "openapi-typescript";
import { describeApi } from "../runtime/openapi/document.ts";
import { operations } from "../runtime/openapi/operations.ts";

const file = new URL("schema.d.ts", import.meta.url);

/** The text of schema.d.ts as it should be. */
export async function clientTypes(): Promise<string> {
  const document = describeApi(operations, "0");
  const types = await openapiTS(JSON.stringify(document), {
    alphabetize: false,
    emptyObjectsUnknown: true,
    defaultNonNullable: false,
  });
  return `// Made by npm run client from the API's own description: not to be changed by hand.\n\n${astToString(types)}`;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
  const types = await clientTypes();
  if (!values.check) writeFileSync(file, types);
  else if (readFileSync(file, "utf8") !== types) {
    process.stderr.write("client/schema.d.ts is not what the API says: run npm run client.\n");
    process.exitCode = 1;
  }
}
