import { VirtualClock } from "./clock.ts";
import { Deliverer } from "./delivery.ts";
import { Director } from "./director.ts";
import { Engine } from "./engine.ts";
import type { Configuration } from "./env.ts";
import { ProviderError } from "./errors.ts";
import { createApp } from "./http/app.ts";
import { problem } from "./http/problem.ts";
import { type Served, serve } from "./http/serve.ts";
import { Transport } from "./transport.ts";

const MAX_BODY_BYTES = 256 * 1024;

/** Starts a server; `close` ends it with everything that was still to be sent. */
export async function startMockKyc(configuration: Configuration): Promise<Served> {
  const { seed, webhookSecrets } = configuration;
  const clock = new VirtualClock(configuration.timeScale);
  const transport = new Transport();
  const deliverer = new Deliverer(clock, transport, { secrets: webhookSecrets, seed });
  const engine = new Engine(clock, deliverer, seed);
  const director = new Director(clock);
  const app = createApp({ ...configuration, engine, director });
  const served = await serve({
    host: configuration.host,
    port: configuration.port,
    fetch: app.fetch,
    maxBodyBytes: MAX_BODY_BYTES,
    tooLarge: () =>
      problem(new ProviderError("payload_too_large", `At most ${MAX_BODY_BYTES} bytes.`)),
  });
  return {
    url: served.url,
    close: async () => {
      director.reset();
      engine.store.clear();
      clock.reset();
      await served.close();
      transport.close();
    },
  };
}
