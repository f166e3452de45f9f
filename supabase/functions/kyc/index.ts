import { readEnvironment } from "../_shared/env.ts";
import { createApp } from "./app.ts";
import { createDeps } from "./deps.ts";

const app = createApp(createDeps(readEnvironment()));

export default { fetch: app.fetch };
