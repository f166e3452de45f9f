import { createServer, type RequestListener, type Server } from "node:http";
import Provider, { type AccountClaims, type Configuration } from "oidc-provider";
import { close, listen } from "../../fidelity/lib/front.ts";

/** Somebody who has an account at the provider; the login is what they type there. */
export type Person = AccountClaims;

export interface OpenIdProvider {
  readonly issuer: string;
  /** Known from now on under this login. */
  add(login: string, person: Person): void;
  /** Starts to serve; the client is the Auth that redirects here. */
  serve(client: { id: string; secret: string; redirectUri: string }): void;
  close(): Promise<void>;
}

const KEYCLOAK_ROUTES = {
  authorization: "/protocol/openid-connect/auth",
  token: "/protocol/openid-connect/token",
  userinfo: "/protocol/openid-connect/userinfo",
  jwks: "/protocol/openid-connect/certs",
} as const;

function configuration(
  people: ReadonlyMap<string, Person>,
  client: { id: string; secret: string; redirectUri: string },
  routes: Configuration["routes"],
): Configuration {
  return {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: [client.redirectUri],
      },
    ],
    ...(routes ? { routes } : {}),
    cookies: { keys: ["for tests only"] },
    claims: {
      email: ["email", "email_verified"],
      profile: ["name", "given_name", "family_name", "picture", "preferred_username"],
    },
    findAccount: (_, login) => {
      const person = people.get(login);
      return person && { accountId: login, claims: () => person };
    },
  };
}

/** A certified OpenID provider on loopback, with its own pages for login and consent. */
export async function startOpenIdProvider(kind: "google" | "keycloak"): Promise<OpenIdProvider> {
  const people = new Map<string, Person>();
  let handle: RequestListener = (_, res) => res.writeHead(503).end();
  const server: Server = createServer((req, res) => handle(req, res));
  const issuer = `http://127.0.0.1:${await listen(server)}`;
  return {
    issuer,
    add: (login, person) => people.set(login, person),
    serve(client) {
      const routes = kind === "keycloak" ? KEYCLOAK_ROUTES : undefined;
      handle = new Provider(issuer, configuration(people, client, routes)).callback();
    },
    close: () => close(server),
  };
}
