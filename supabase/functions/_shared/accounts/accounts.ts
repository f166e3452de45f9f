import { z } from "zod";
import { describeError, type Logger } from "../log/logger.ts";

/**
 * What the functions ask of Supabase Auth about accounts of other people. Each call answers whether
 * Auth did it and throws nothing: why it did not is found out in our own database, which saw the
 * same transaction or did not.
 */
export type Accounts = {
  /** Makes an account under an id of our choice, unconfirmed, with a password that nobody knows. */
  create(id: string, email: string): Promise<boolean>;
  changeEmail(id: string, email: string): Promise<boolean>;
  /** Keeps an account from signing in and from refreshing tokens, or no longer does. */
  setBlocked(id: string, isBlocked: boolean): Promise<boolean>;
  /** Sends the e-mail with which somebody who was created signs in for the first time. */
  invite(email: string): Promise<boolean>;
  /** Sends the e-mail with a link to set a new password; nobody but its reader sees the link. */
  sendRecovery(email: string): Promise<boolean>;
  /** Takes everything personal out of an account for good; done before, or no account, is fine too. */
  erase(id: string): Promise<boolean>;
};

export type AccountsOptions = {
  /** Where this process reaches the API, without a slash at the end. */
  readonly apiUrl: string;
  readonly secretKey: string;
  readonly log: Logger;
};

const TIMEOUT_MS = 10_000;
/** Auth knows no ban without an end; a hundred years will do. */
const FOR_EVER = "876000h";
const BCRYPT_ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const created = z.object({ id: z.string() });
const refused = z.object({ error_code: z.string() });

/** A client for the few calls that we make; supabase-js would bring ten times the code. */
export function createAccounts({ apiUrl, secretKey, log }: AccountsOptions): Accounts {
  const call = async (
    task: string,
    method: "POST" | "PUT" | "DELETE",
    path: string,
    body: object,
  ) => {
    try {
      const response = await fetch(`${apiUrl}/auth/v1${path}`, {
        method,
        headers: { apikey: secretKey, "content-type": "application/json" },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const answer: unknown = await response.json();
      if (response.ok) return { isOk: true, answer };
      const { data } = refused.safeParse(answer);
      const code = data?.error_code ?? "unknown";
      log.warn("auth refused", { task, status: response.status, code });
      return { isOk: false, answer, code };
    } catch (error) {
      log.warn("auth did not answer", { task, error: describeError(error) });
      return { isOk: false, answer: null };
    }
  };

  return {
    async create(id, email) {
      const { isOk, answer } = await call("account.create", "POST", "/admin/users", {
        id,
        email,
        email_confirm: false,
        password_hash: hashOfNothing(),
      });
      if (!isOk) return false;
      // An Auth that is too old to take our id would make an account that belongs to nothing.
      if (created.parse(answer).id !== id) throw new Error("Auth made another account.");
      return true;
    },
    async changeEmail(id, email) {
      return (await call("account.change_email", "PUT", `/admin/users/${id}`, { email })).isOk;
    },
    async setBlocked(id, isBlocked) {
      const body = { ban_duration: isBlocked ? FOR_EVER : "none" };
      return (await call("account.set_blocked", "PUT", `/admin/users/${id}`, body)).isOk;
    },
    async invite(email) {
      const { isOk, code } = await call("account.invite", "POST", "/invite", { email });
      // Somebody who has come in already needs no invitation.
      return isOk || code === "email_exists";
    },
    async sendRecovery(email) {
      return (await call("account.recover", "POST", "/recover", { email })).isOk;
    },
    async erase(id) {
      // Soft: the row stays for what refers to it.
      const body = { should_soft_delete: true };
      const { isOk, code } = await call("account.erase", "DELETE", `/admin/users/${id}`, body);
      return isOk || code === "user_not_found";
    },
  };
}

/**
 * A bcrypt hash that was made from no password. Without one Auth would think one up and hash it, at
 * the cost of a tenth of a second; this way there is none, not even for a moment.
 */
function hashOfNothing(): string {
  const random = crypto.getRandomValues(new Uint8Array(53));
  return `$2a$10$${Array.from(random, (byte) => BCRYPT_ALPHABET.charAt(byte % 64)).join("")}`;
}
