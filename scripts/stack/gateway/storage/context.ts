import type { Context } from "hono";
import type { Sql } from "postgres";
import type { Caller } from "../caller.ts";
import type { StorageToml } from "../config-toml.ts";
import type { FileStore } from "./files.ts";
import type { SignedUrls } from "./signed-urls.ts";

export interface StorageContext {
  readonly sql: Sql;
  readonly config: StorageToml;
  readonly files: FileStore;
  readonly signedUrls: SignedUrls;
}

export interface StorageBindings {
  readonly caller: Caller;
}

export type StorageRequest = Context<{ Bindings: StorageBindings }>;
