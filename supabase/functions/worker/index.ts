import { readEnvironment, readKycProviderEnvironment } from "../_shared/env.ts";
import { readAnchorEnvironment } from "../_shared/env-anchors.ts";
import { createApp } from "./app.ts";
import { createDeps } from "./deps.ts";

const app = createApp(
  createDeps(readEnvironment(), readKycProviderEnvironment(), readAnchorEnvironment()),
);

export default { fetch: app.fetch };
