import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the checkout that this file belongs to. */
export function checkoutRoot(): string {
  return dirname(dirname(dirname(fileURLToPath(import.meta.url))));
}
