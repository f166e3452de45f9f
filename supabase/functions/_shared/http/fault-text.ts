import type { ValidationFault } from "../generated/validator.ts";

type Params = ValidationFault["params"];

/** One sentence per rule, for the developer who reads the answer. */
const SENTENCES: Readonly<Record<string, (params: Params) => string>> = {
  required: () => "This is required.",
  additionalProperties: () => "The contract does not know this.",
  type: ({ type }) => `This must be of type ${listOf(type)}.`,
  enum: ({ allowedValues }) => `This must be one of: ${listOf(allowedValues)}.`,
  format: ({ format }) => `This is not a valid ${format}.`,
  pattern: () => "This has a character or a form that is not allowed.",
  minLength: ({ limit }) => `This must have at least ${limit} characters.`,
  maxLength: ({ limit }) => `This must have at most ${limit} characters.`,
  minimum: ({ limit }) => `This must be at least ${limit}.`,
  maximum: ({ limit }) => `This must be at most ${limit}.`,
  minItems: ({ limit }) => `This must have at least ${limit} entries.`,
  maxItems: ({ limit }) => `This must have at most ${limit} entries.`,
  uniqueItems: () => "No entry may be given twice.",
  minProperties: ({ limit }) => `At least ${limit} member must be given.`,
};

/**
 * Says what a broken rule asks for, without repeating the value that broke it.
 *
 * @example faultText({ keyword: "minLength", params: { limit: 1 }, … }); // "This must have at least 1 characters."
 */
export function faultText({ keyword, params }: ValidationFault): string {
  return SENTENCES[keyword]?.(params) ?? "This is not valid.";
}

function listOf(values: unknown): string {
  return Array.isArray(values) ? values.map(String).join(", ") : String(values);
}
