import type { NewVerification } from "../schemas.ts";
import { FAULTS } from "./faults.ts";
import { OUTCOMES } from "./outcomes.ts";
import { looksLikeValue, parseScenario, type Scenario } from "./scenario.ts";

/** Where a value is looked for; the first place that has one counts. */
export const PLACES = [
  "header X-Mock-Scenario",
  "applicant.document_number or a document's number",
  "e-mail tag +kyc-…",
  "file name mock-…",
] as const;

const EMAIL_TAG = /\+kyc-([^+@]+)[^@]*@/i;
/** `mock-retry.jpg`, and `mock-retry (1).jpg` as a browser names the second copy. */
const FILE_NAME = /^mock-(.+?)(?: ?\(\d+\))?\.(?:jpe?g|png|pdf)$/i;

const outcomeNames: ReadonlySet<string> = new Set(OUTCOMES.map(({ name }) => name));

/** Tag (without `kyc-`) → value. */
const TAGS: ReadonlyMap<string, string> = new Map([
  ...OUTCOMES.flatMap(({ tag, name }) => (tag ? [[tag, `MOCK-${name}`] as const] : [])),
  ...[...FAULTS].flatMap(([name, { tag }]) =>
    tag ? [[tag, `MOCK-APPROVE.${name}`] as const] : [],
  ),
]);

/** The value that a tag or a file name stands for; an unknown one is left for the parser to refuse. */
function scenarioValue(text: string): string {
  const dot = text.indexOf(".");
  const head = dot < 0 ? text : text.slice(0, dot);
  const tail = dot < 0 ? "" : text.slice(dot);
  const name = head.toUpperCase();
  const value = outcomeNames.has(name) ? `MOCK-${name}` : TAGS.get(head.toLowerCase());
  return `${value ?? `MOCK-${name}`}${tail}`;
}

function* candidates(header: string | undefined, body: NewVerification): Generator<string> {
  if (header) yield header;
  const { document_number: number, email } = body.applicant;
  for (const text of [number, ...body.documents.map((document) => document.number)]) {
    if (text && looksLikeValue(text)) yield text;
  }
  const [, tag] = EMAIL_TAG.exec(email) ?? [];
  if (tag) yield scenarioValue(tag);
  for (const document of body.documents) {
    const [, stem] = FILE_NAME.exec(document.file_name) ?? [];
    if (stem) yield scenarioValue(stem);
  }
}

/** The scenario that a request asks for; an ordinary applicant is approved. */
export function chooseScenario(header: string | undefined, body: NewVerification): Scenario {
  for (const value of candidates(header, body)) return parseScenario(value);
  return parseScenario("MOCK-APPROVE");
}
