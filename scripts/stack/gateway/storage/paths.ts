import type { StorageRequest } from "./context.ts";
import { invalidKey } from "./errors.ts";

/** `…/object/sign/<bucket>/<name of the object, with slashes>` behind the given prefix, decoded. */
export function placeOf(c: StorageRequest, prefix: string): { bucketId: string; name: string } {
  const { pathname } = new URL(c.req.url);
  const rest = pathname.slice(pathname.indexOf(prefix) + prefix.length);
  try {
    const [bucketId = "", ...name] = rest.split("/").map(decodeURIComponent);
    return { bucketId, name: name.join("/") };
  } catch {
    throw invalidKey(rest);
  }
}

/** The path in a signed URL; supabase-js puts it behind the origin as it is. */
export const urlOf = (bucketId: string, name: string) => `${bucketId}/${name}`;
