// The document as one page of HTML, without scripts and without anything from elsewhere: readable in any browser, offline.

import { createHash } from "node:crypto";
import { html, raw } from "hono/html";
import type { Json, OpenApi } from "./document.ts";
import { style } from "./style.ts";
import { typeText } from "./type-text.ts";

type Markup = ReturnType<typeof html> | Promise<string | Awaited<ReturnType<typeof html>>>;

/** A complete HTML document, and the content security policy under which it shows. */
export async function renderPage(document: OpenApi): Promise<{ readonly html: string; readonly policy: string }> {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const tags = document.tags.map(({ name, description }) => ({
    name,
    description,
    operations: operations.filter(({ operation }) => (operation["tags"] as string[]).includes(name)),
  }));
  const version = String(document.info["version"]);
  const made = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>Skeduler API</title>
        ${raw(`<style>${style}</style>`)}
      </head>
      <body>
        <nav>
          <h1>Skeduler API</h1>
          <p>Version ${version}. <a href="/openapi.json">openapi.json</a></p>
          ${tags.map(
            async (tag) =>
              html`<h2>${tag.name}</h2>
                <ul>
                  ${tag.operations.map(
                    async ({ path, method, operation }) =>
                      html`<li>
                        <a href="#${String(operation["operationId"])}"><b>${method}</b> ${path}</a>
                      </li>`,
                  )}
                </ul>`,
          )}
          <h2>Types</h2>
          <ul>
            ${Object.keys(document.components.schemas).map(async (name) => html`<li><a href="#type-${name}">${name}</a></li>`)}
          </ul>
        </nav>
        <main>
          <p>${String(document.info["description"])} Every call but those marked open needs a token.</p>
          ${tags.map(
            async (tag) =>
              html`<h2>${tag.name}</h2>
                <p>${tag.description}</p>
                ${tag.operations.map(async ({ path, method, operation }) => section(path, method, operation))}`,
          )}
          <h2>Types</h2>
          ${Object.entries(document.components.schemas).map(
            async ([name, schema]) =>
              html`<section id="type-${name}">
                <h3>${name}</h3>
                ${typeof schema["description"] === "string" ? html`<p>${schema["description"]}</p>` : ""}
                <pre>${linked(typeText(schema), document)}</pre>
              </section>`,
          )}
        </main>
      </body>
    </html>`;
  const hash = createHash("sha256").update(style).digest("base64");
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; frame-ancestors 'none'`;
  return { html: made.toString(), policy };
}

function section(path: string, method: string, operation: Json): Markup {
  const parameters = operation["parameters"] as readonly Json[];
  const body = operation["requestBody"] as { content: Record<string, { schema: Json; example: unknown }> } | undefined;
  const sent = body?.content["application/json"];
  const answers = Object.entries(operation["responses"] as Record<string, Json>);
  return html`<section id="${String(operation["operationId"])}">
    <h3><b>${method}</b> ${path}</h3>
    <p class="summary">${String(operation["summary"])}${Array.isArray(operation["security"]) ? " (open)" : ""}</p>
    ${typeof operation["description"] === "string" ? html`<p>${coded(operation["description"])}</p>` : ""}
    <pre class="example">${example(path, method, sent?.example, Array.isArray(operation["security"]))}</pre>
    ${
      parameters.length === 0
        ? ""
        : html`<table>
            ${parameters.map(
              async (one) =>
                html`<tr>
                  <td><code>${String(one["name"])}</code></td>
                  <td>${String(one["in"])}</td>
                  <td>${typeText(one["schema"] as Json)}</td>
                  <td>${coded(typeof one["description"] === "string" ? one["description"] : "")}</td>
                </tr>`,
            )}
          </table>`
    }
    ${sent === undefined ? "" : html`<p>Body: <code>${typeText(sent.schema)}</code></p>`}
    <table>
      ${answers.map(
        async ([status, answer]) =>
          html`<tr>
            <td>${status}</td>
            <td>${coded(String(answer["description"]))}</td>
            <td>${contentOf(answer)}</td>
          </tr>`,
      )}
    </table>
  </section>`;
}

function contentOf(answer: Json): string {
  const [[type, content] = ["", undefined]] = Object.entries(
    (answer["content"] ?? {}) as Record<string, { schema: Json }>,
  );
  if (content === undefined) return "";
  return type === "application/json" ? typeText(content.schema) : type;
}

function example(path: string, method: string, body: unknown, open: boolean): string {
  const words = [
    "curl",
    ...(method === "GET" ? [] : [`-X ${method}`]),
    ...(open ? [] : ['-H "Authorization: Bearer $TOKEN"']),
    `"$HOST${path.replace("{id}", "$ID").replace("{name}", "$NAME")}"`,
    ...(body === undefined ? [] : [`-d '${JSON.stringify(body)}'`]),
  ];
  return words.join(" ");
}

/** `code` as code. */
function coded(text: string): (string | Markup)[] {
  return text.split("`").map(async (part, n) => (n % 2 === 0 ? part : html`<code>${part}</code>`));
}

/** Names of components as links. */
function linked(text: string, { components }: OpenApi): (string | Markup)[] {
  return text
    .split(/\b([A-Z]\w+)\b/)
    .map(async (part) => (part in components.schemas ? html`<a href="#type-${part}">${part}</a>` : part));
}
