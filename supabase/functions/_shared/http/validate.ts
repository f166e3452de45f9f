import { jsonPointer } from "../domain/pointer.ts";
import { ApiError, type FieldError } from "../errors.ts";
import type { ValidationFault } from "../generated/validator.ts";
import { faultText } from "./fault-text.ts";

/** A validator that `npm run generate` has compiled from the contract. */
export type AnyValidator = {
  (data: unknown): boolean;
  readonly errors?: readonly ValidationFault[] | null;
};

/** The validators of an operation. */
export type AnyValidators = {
  readonly params: AnyValidator;
  readonly query: AnyValidator;
  readonly body: AnyValidator | null;
};

/** The part of a request that a validator looks at. */
export type Location = "body" | "query" | "path";

/**
 * Checks a value against the contract.
 *
 * @returns one fault for each broken rule; empty when the value is valid
 * @example findFaults(validators["users.updateMe"].body, body, "body");
 */
export function findFaults(
  validate: AnyValidator,
  value: unknown,
  location: Location,
): FieldError[] {
  if (validate(value)) return [];
  return (validate.errors ?? []).map((fault) => toFieldError(fault, location));
}

/** @throws ApiError `validation_failed` if there are faults */
export function refuseFaults(faults: readonly FieldError[]): void {
  if (faults.length === 0) return;
  throw new ApiError("validation_failed", {
    detail: `${faults.length === 1 ? "One thing is" : `${faults.length} things are`} not valid.`,
    errors: faults,
  });
}

function toFieldError(fault: ValidationFault, location: Location): FieldError {
  const { instancePath, keyword, params } = fault;
  const path = instancePath.split("/").slice(1).map(unescapePart);
  if (keyword === "required") path.push(String(params.missingProperty));
  if (keyword === "additionalProperties") path.push(String(params.additionalProperty));
  const pointer = location === "body" ? jsonPointer(path) : `${location}/${path.join("/")}`;
  return {
    pointer,
    code: keyword === "additionalProperties" ? "unknown_member" : snakeCase(keyword),
    detail: faultText(fault),
  };
}

function unescapePart(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}

function snakeCase(keyword: string): string {
  return keyword.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
