import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createCallerIdentifier } from "./caller.ts";
import type { FunctionRoute, GatewayConfig } from "./config.ts";
import { createFunctionProxy, FUNCTIONS_PREFIX } from "./functions/proxy.ts";
import { sendWebResponse, toWebRequest } from "./http/web-bridge.ts";
import { createDataApi } from "./rest/data-api.ts";
import { findRoute, type Route } from "./routes.ts";
import { loadTokenKeys } from "./tokens/signing-key.ts";
import { createTokenVerifier } from "./tokens/verify.ts";

export interface Gateway {
  readonly apiPort: number;
  readonly mailPort: number;
  setFunctions(functions: readonly FunctionRoute[]): void;
  close(): Promise<void>;
}

export function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

export async function createGateway(config: GatewayConfig): Promise<Gateway> {
  const keys = await loadTokenKeys(config.signingKey);
  const verify = createTokenVerifier(keys);
  const identify = createCallerIdentifier(config, verify);
  const functions = createFunctionProxy(config, verify);
  functions.setFunctions(config.functions);
  const dataApi = await createDataApi({ dbUrl: config.dbUrl, api: config.api, identify });
  const routes: Route[] = [{ prefix: "/rest/v1/", handle: dataApi.handle }];

  const serve = async (req: IncomingMessage, res: ServerResponse) => {
    const origin = config.apiUrl ?? `http://${req.headers.host}`;
    const request = toWebRequest(req, origin);
    await sendWebResponse(await findRoute(routes, request), res);
  };
  const server = createServer((req, res) => {
    if (req.url?.startsWith(FUNCTIONS_PREFIX)) functions.handle(req, res);
    else serve(req, res).catch(() => res.destroy());
  });
  const apiPort = await listen(server, config.host, config.apiPort);
  return {
    apiPort,
    mailPort: config.mailPort,
    setFunctions: functions.setFunctions,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      functions.close();
      await dataApi.close();
    },
  };
}
