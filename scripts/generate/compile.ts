import { fileURLToPath } from "node:url";
import { _, Ajv, type Options } from "ajv";
import standaloneCode from "ajv/dist/standalone/index.js";
import { build, type Plugin } from "esbuild";
import type { JsonObject } from "./open-api.ts";
import { formats } from "./runtime/formats.ts";

// What the generated modules carry along, by the names under which they import it.
const RUNTIME = new Map([
  ["formats", new URL("./runtime/formats.ts", import.meta.url)],
  ["coerce", new URL("./runtime/coerce.ts", import.meta.url)],
  ["check-response", new URL("./runtime/check-response.ts", import.meta.url)],
]);
const runtime = fileURLToPath(new URL("./runtime/", import.meta.url));

const OPTIONS: Options = {
  strict: true,
  strictTypes: true,
  strictRequired: false,
  allowUnionTypes: true,
  allErrors: true,
  // Shared schemas become functions that are called, not copies: a third less code to load.
  inlineRefs: false,
  formats,
  code: { source: true, esm: true, lines: false, formats: _`require("formats").formats` },
};

/** Schemas by the names under which a module exports their validators. */
export type NamedSchemas = Readonly<Record<string, JsonObject>>;

/**
 * The source of a module that exports one validation function per schema. It still needs a bundler.
 * `fillDefaults` puts defaults into what is validated, which is right for requests only.
 */
export function compileSchemas(
  schemas: NamedSchemas,
  shared: JsonObject,
  { fillDefaults }: { fillDefaults: boolean },
): string {
  const ajv = new Ajv({ ...OPTIONS, useDefaults: fillDefaults });
  ajv.addSchema(shared);
  for (const [name, schema] of Object.entries(schemas)) ajv.addSchema({ ...schema, $id: name });
  const names = Object.keys(schemas);
  return standaloneCode(ajv, Object.fromEntries(names.map((name) => [name, name])));
}

/** Serves the modules that exist only in memory, and the runtime's by short names. */
function virtual(modules: Readonly<Record<string, string>>): Plugin {
  return {
    name: "virtual",
    setup(esbuild) {
      esbuild.onResolve({ filter: /^[a-z-]+$/ }, ({ path }) => {
        const file = RUNTIME.get(path);
        return file ? { path: fileURLToPath(file) } : null;
      });
      esbuild.onResolve({ filter: /^virtual:/ }, ({ path }) => ({ path, namespace: "virtual" }));
      esbuild.onLoad({ filter: /.*/, namespace: "virtual" }, ({ path }) => {
        const contents = modules[path];
        return contents === undefined
          ? { errors: [{ text: `There is no module ${path}.` }] }
          : { contents, loader: "js", resolveDir: runtime };
      });
    },
  };
}

/** One module without imports, evaluation or comments. The same input gives the same bytes. */
export async function bundleModule(
  entry: string,
  modules: Readonly<Record<string, string>>,
  header: string,
): Promise<string> {
  const result = await build({
    stdin: { contents: entry, resolveDir: runtime, loader: "js" },
    bundle: true,
    write: false,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    target: "es2022",
    minify: true,
    charset: "utf8",
    legalComments: "none",
    banner: { js: header.trimEnd() },
    plugins: [virtual(modules)],
    logLevel: "silent",
  });
  const [output] = result.outputFiles;
  if (!output) throw new Error("esbuild made no output.");
  return output.text;
}
