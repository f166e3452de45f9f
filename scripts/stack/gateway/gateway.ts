import type { RequestListener } from "node:http";
import { demoAccounts } from "../demo-accounts.ts";
import { AUTH_PREFIX, createAuthService } from "./auth/service.ts";
import { createCallerIdentifier } from "./caller.ts";
import type { FunctionRoute, GatewayConfig } from "./config.ts";
import { createConsoleApp } from "./console/app.ts";
import { createDocsApp, indexPage } from "./docs/app.ts";
import { createFunctionProxy, FUNCTIONS_PREFIX } from "./functions/proxy.ts";
import { listen, serve, type Upgrades } from "./http/server.ts";
import { createMailApp } from "./mail/app.ts";
import { createMailbox, type Mailbox } from "./mail/mailbox.ts";
import { createRealtimeService, REALTIME_PREFIX } from "./realtime/service.ts";
import { createDataApi, REST_PREFIX } from "./rest/data-api.ts";
import { answer, type Route } from "./routes.ts";
import { below, type Service } from "./service.ts";
import { createStorageService, STORAGE_PREFIX } from "./storage/service.ts";
import { loadTokenKeys } from "./tokens/signing-key.ts";
import { createTokenVerifier } from "./tokens/verify.ts";

export interface Gateway {
  readonly apiPort: number;
  readonly mailPort: number;
  setFunctions(functions: readonly FunctionRoute[]): void;
  close(): Promise<void>;
}

const DOCS_PREFIX = "/docs/";
const CONSOLE_PREFIX = "/console/";

interface Api {
  readonly listener: RequestListener;
  readonly upgrades: Upgrades;
  setFunctions(functions: readonly FunctionRoute[]): void;
  /** Ends the connections that are no requests; a server does not close before. */
  hangUp(): void;
  close(): Promise<void>;
}

interface Surroundings {
  readonly apiUrl: string;
  readonly mailUrl: string;
  readonly mailbox: Mailbox;
}

/** The routes of the one origin, and what is behind them. */
async function createApi(config: GatewayConfig, around: Surroundings): Promise<Api> {
  const keys = await loadTokenKeys(config.signingKey);
  const verify = createTokenVerifier(keys);
  const identify = createCallerIdentifier(config, verify);
  const functions = createFunctionProxy(config, verify);
  functions.setFunctions(config.functions);
  const { apiUrl, mailUrl, mailbox } = around;
  const auth = await createAuthService({ config, apiUrl, keys, verify, mailbox });
  const rest = await createDataApi({ dbUrl: config.dbUrl, api: config.api, identify });
  const storage = await createStorageService(config, identify);
  const realtime = await createRealtimeService(config, verify);
  const docs = createDocsApp({
    contractFile: config.contractFile,
    publishableKey: config.publishableKey,
    listAccounts: () => demoAccounts(config.dbUrl),
  });
  const backOffice = createConsoleApp({
    folder: config.consoleDir,
    publishableKey: config.publishableKey,
  });
  const routes: readonly Route[] = [
    { prefix: AUTH_PREFIX, cors: true, handle: auth.handle },
    { prefix: REST_PREFIX, cors: true, handle: rest.handle },
    { prefix: STORAGE_PREFIX, cors: true, handle: storage.handle },
    { prefix: REALTIME_PREFIX, cors: true, handle: realtime.handle },
    {
      prefix: DOCS_PREFIX,
      cors: false,
      handle: (request) => docs.fetch(below(request, DOCS_PREFIX)),
    },
    { prefix: "/docs", exact: true, cors: false, handle: () => redirectTo(DOCS_PREFIX) },
    {
      prefix: CONSOLE_PREFIX,
      cors: false,
      handle: (request) => backOffice.fetch(below(request, CONSOLE_PREFIX)),
    },
    { prefix: "/console", exact: true, cors: false, handle: () => redirectTo(CONSOLE_PREFIX) },
    { prefix: "/", exact: true, cors: false, handle: () => indexPage(apiUrl, mailUrl) },
  ];
  const others = serve((request, peer) => answer(routes, request, peer));
  const services: readonly Service[] = [auth, rest, storage, realtime];
  return {
    listener: (req, res) => {
      if (req.url?.startsWith(FUNCTIONS_PREFIX)) functions.handle(req, res);
      else others(req, res);
    },
    upgrades: realtime,
    setFunctions: functions.setFunctions,
    hangUp: realtime.hangUp,
    async close() {
      functions.close();
      await Promise.all(services.map((service) => service.close()));
    },
  };
}

function redirectTo(path: string): Response {
  return new Response(null, { status: 308, headers: { Location: path } });
}

const answerStarting: RequestListener = (_, res) => {
  res.writeHead(503, { "Content-Type": "application/json", "Retry-After": "1" });
  res.end(JSON.stringify({ message: "The stack is starting." }));
};

/**
 * One origin for Auth, the Data API, Storage, Realtime, functions and the documentation, and the mail catcher
 * beside it. The ports are taken first, because links and tokens carry them.
 */
export async function createGateway(config: GatewayConfig): Promise<Gateway> {
  const mailbox = createMailbox();
  const mailApp = createMailApp(mailbox);
  const mail = await listen(
    serve((request) => mailApp.fetch(request)),
    config.host,
    config.mailPort,
  );
  let listener = answerStarting;
  let upgrades: Upgrades | undefined;
  const front = await listen((req, res) => listener(req, res), config.host, config.apiPort, {
    wants: (req) => upgrades?.wants(req) ?? false,
    upgrade: (req, socket, head) => upgrades?.upgrade(req, socket, head),
  });
  const api = await createApi(config, {
    apiUrl: config.apiUrl ?? `http://${config.host}:${front.port}`,
    mailUrl: `http://${config.host}:${mail.port}/`,
    mailbox,
  });
  listener = api.listener;
  upgrades = api.upgrades;
  return {
    apiPort: front.port,
    mailPort: mail.port,
    setFunctions: api.setFunctions,
    async close() {
      api.hangUp();
      await Promise.all([front.close(), mail.close()]);
      await api.close();
    },
  };
}
