import type { FieldError } from "../errors.ts";
import { jsonPointer } from "./pointer.ts";

/** No request of the contract nests deeper than five levels. */
const MAX_DEPTH = 32;

/** An object or array that is open at the scanner's position. */
type Frame = { readonly names: Set<string> | null; at: string | number };

/**
 * Finds what `JSON.parse` lets pass and a careful reader must not: members given twice, of which
 * the parser silently keeps the last, so that two readers can see two different requests (RFC 8259,
 * section 4, leaves it open), and nesting without an end.
 *
 * @param text a text that `JSON.parse` has accepted; the scan relies on it
 * @returns one fault for each repeated member, or one for too deep a nesting
 * @example findJsonFaults('{"a":1,"\\u0061":2}'); // [{ pointer: "#/a", code: "duplicate_member", … }]
 */
export function findJsonFaults(text: string): FieldError[] {
  const faults: FieldError[] = [];
  const frames: Frame[] = [];
  let expectsName = false;
  for (let index = 0; index < text.length; index += 1) {
    const frame = frames.at(-1);
    switch (text[index]) {
      case "{":
      case "[": {
        if (frames.length === MAX_DEPTH) return [tooDeep()];
        expectsName = text[index] === "{";
        frames.push({ names: expectsName ? new Set() : null, at: expectsName ? "" : 0 });
        break;
      }
      case "}":
      case "]":
        frames.pop();
        expectsName = false;
        break;
      case ",":
        expectsName = frame?.names != null;
        if (frame && typeof frame.at === "number") frame.at += 1;
        break;
      case '"': {
        const end = endOfString(text, index);
        if (expectsName && frame) enterMember(text.slice(index, end + 1), frame, frames, faults);
        expectsName = false;
        index = end;
        break;
      }
      default:
    }
  }
  return faults;
}

function enterMember(
  literal: string,
  frame: Frame,
  frames: readonly Frame[],
  faults: FieldError[],
): void {
  // Names are compared as they mean, not as they are written: "a" and "\u0061" are the same one.
  const name = String(JSON.parse(literal));
  frame.at = name;
  if (frame.names?.has(name)) {
    faults.push({
      pointer: jsonPointer(frames.map(({ at }) => at)),
      code: "duplicate_member",
      detail: "This member is given more than once.",
    });
  }
  frame.names?.add(name);
}

function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (text[index] !== '"') index += text[index] === "\\" ? 2 : 1;
  return index;
}

function tooDeep(): FieldError {
  return {
    pointer: "#",
    code: "too_deep",
    detail: `The body is nested deeper than ${MAX_DEPTH} levels.`,
  };
}
