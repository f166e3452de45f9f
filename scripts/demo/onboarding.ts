import { randomBytes } from "node:crypto";
import { z } from "zod";
import { type Account, confirm, signIn, signUp } from "./account.ts";
import { billPdf, type DemoFile, passportPhoto } from "./files.ts";
import type { Narrator } from "./narrator.ts";
import { addDocument, consentTo, textVersions } from "./paperwork.ts";
import type { DemoSettings } from "./settings.ts";
import { openStatusFeed, type StatusFeed } from "./status-feed.ts";
import { waitFor } from "./wait.ts";

const VERDICT_TIMEOUT_MS = 60_000;

const Projection = z.object({
  status: z.enum(["not_started", "action_required", "pending", "approved", "declined"]),
  next_action: z.string(),
  can_retry: z.boolean(),
  expires_at: z.string().nullable(),
  requirements: z.array(
    z.object({
      kind: z.string(),
      field: z.string().nullable(),
      document_type: z.string().nullable(),
    }),
  ),
});
const Verification = z.object({
  verification_id: z.uuid(),
  status: z.string(),
  attempt: z.number(),
});
const Timeline = z.object({
  items: z.array(z.object({ at: z.string(), status: z.string(), actor: z.string() })),
});
const Anything = z.unknown();

/** One person of the demo. */
export interface Person {
  readonly first_name: string;
  readonly last_name: string;
  /** Chooses what the mock KYC server does; a real provider makes nothing of it. */
  readonly tag: string;
}

/** A person with a submitted verification. */
export interface Onboarding {
  readonly account: Account;
  readonly verificationId: string;
  /** Null where the backend has no Realtime: then the status is asked for. */
  readonly feed: StatusFeed | null;
}

async function openAccount(
  settings: DemoSettings,
  story: Narrator,
  person: Person,
): Promise<Account> {
  const id = randomBytes(6).toString("hex");
  const credentials = {
    email: `${person.first_name.toLowerCase()}.${id}+${person.tag}@example.com`,
    password: `Demo-${randomBytes(12).toString("base64url")}-9a`,
  };
  const toConfirm = await story.step(
    "sign up",
    () => signUp(settings, credentials, person),
    () => credentials.email,
  );
  if (toConfirm) {
    await story.step("confirm the address by the link in the mail", () =>
      confirm(settings, credentials.email),
    );
  }
  return story.step("sign in", () => signIn(settings, credentials));
}

async function setProfile({ rest }: Account): Promise<void> {
  const { etag } = await rest.get("/users/me", Anything);
  const body = { date_of_birth: "1990-04-23", phone: "+4915112345678" };
  await rest.patch("/users/me", Anything, { ifMatch: etag, body });
}

async function setAddress({ rest }: Account): Promise<void> {
  const { etag } = await rest.get("/users/me", Anything);
  const body = {
    address_name: "Home",
    street_address_1: "Lindenstraße 12",
    city: "Berlin",
    state_region: "Berlin",
    postal_code: "10969",
    country: "DE",
  };
  await rest.put("/users/me/address", Anything, { ifMatch: etag, body });
}

/** Reads the requirements and does what concerns the person; the documents come after. */
async function meetRequirements(account: Account, story: Narrator): Promise<void> {
  const { rest, client } = account;
  const { value } = await story.step(
    "read what is asked for",
    () => rest.get("/kyc/status", Projection),
    ({ value: { requirements } }) =>
      requirements
        .map(({ kind, field, document_type }) => field ?? document_type ?? kind)
        .join(", "),
  );
  const kinds = new Set(value.requirements.map(({ kind }) => kind));
  if (kinds.has("profile_field")) {
    await story.step("complete the profile", () => setProfile(account));
  }
  if (kinds.has("address")) await story.step("set the address", () => setAddress(account));
  const versions = await story.step("read the texts to agree to", () => textVersions(rest));
  for (const { kind, field } of value.requirements) {
    if (kind !== "consent" || field === null) continue;
    await story.step(`consent to ${field}`, () => consentTo(rest, field, versions));
  }
  await story.step(
    "read the own profile with supabase-js",
    async () => {
      const { data, error } = await client.from("profiles").select("first_name, last_name");
      if (error) throw new Error(`The profile could not be read: ${error.message}`);
      const [row, ...others] = z.array(z.record(z.string(), z.string())).parse(data);
      if (!row || others.length > 0) throw new Error("Expected to see one profile, the own one.");
      return row;
    },
    (row) => `${row.first_name} ${row.last_name}`,
  );
}

async function addFile(
  account: Account,
  verificationId: string,
  type: string,
  file: DemoFile,
): Promise<string> {
  const status = await addDocument(account, verificationId, type, file);
  return `${(file.bytes.length / 1024).toFixed(0)} KiB, ${status}`;
}

/** Takes a person from sign-up to a submitted verification. */
export async function onboard(
  settings: DemoSettings,
  story: Narrator,
  person: Person,
): Promise<Onboarding> {
  const account = await openAccount(settings, story, person);
  const { rest, userId } = account;
  const { value: draft } = await story.step("start a verification", () =>
    rest.post("/kyc/verifications", Verification),
  );
  const verificationId = draft.verification_id;
  await meetRequirements(account, story);
  const photo = await story.step("take a photo of the passport", () => passportPhoto(userId));
  await story.step(
    "upload the passport and have it checked",
    () => addFile(account, verificationId, "passport", photo),
    (detail) => detail,
  );
  await story.step(
    "upload a bill as proof of address",
    () => addFile(account, verificationId, "proof_of_address", billPdf(userId)),
    (detail) => detail,
  );
  const feed = await story.step(
    "listen for the status on the own channel",
    () => openStatusFeed(account.client, userId),
    (opened) => (opened ? "joined" : "no Realtime here, so it is asked for"),
  );
  await story.step(
    "submit",
    () => rest.post(`/kyc/verifications/${verificationId}/submit`, Verification),
    ({ value }) => `${value.status}, attempt ${value.attempt}`,
  );
  return { account, verificationId, feed };
}

/**
 * Waits until the verification has one of these states, as its owner sees it: told by Realtime
 * without a question, or by asking where there is none.
 */
export function waitForStatus(
  { account, verificationId, feed }: Onboarding,
  statuses: readonly string[],
): Promise<string> {
  if (feed) return feed.waitFor(verificationId, statuses, VERDICT_TIMEOUT_MS);
  return waitFor(`One of the states ${statuses.join(", ")}`, VERDICT_TIMEOUT_MS, async () => {
    const path = `/kyc/verifications/${verificationId}`;
    const { value } = await account.rest.get(path, Verification);
    return statuses.includes(value.status) ? value.status : null;
  });
}

/** Shows how it ended: the person's view, the timeline, and the own row by supabase-js. */
export async function tellEnd(
  { account, verificationId, feed }: Onboarding,
  story: Narrator,
): Promise<string> {
  const { rest, client } = account;
  await feed?.close();
  const { value: view } = await story.step(
    "read the own status",
    () => rest.get("/kyc/status", Projection),
    ({ value }) => `${value.status}, next: ${value.next_action}`,
  );
  await story.step(
    "read the own verification with supabase-js",
    async () => {
      const { data, error } = await client
        .from("kyc_verifications")
        .select("verification_id, status");
      if (error) throw new Error(`The verification could not be read: ${error.message}`);
      const [row] = z
        .array(Verification.omit({ attempt: true }))
        .length(1)
        .parse(data);
      if (row?.verification_id !== verificationId)
        throw new Error("Expected the own verification.");
      return row;
    },
    (row) => row.status,
  );
  const { value } = await rest.get(`/kyc/verifications/${verificationId}/timeline`, Timeline);
  story.note(value.items.map(({ status, actor }) => `${status} (${actor})`).join(" → "));
  return view.status;
}
