import { createClient } from "@supabase/supabase-js";
import { z } from "zod";
import { billPdf, passportPhoto } from "../demo/files.ts";
import { addDocument, consentTo, textVersions } from "../demo/paperwork.ts";
import { Rest } from "../demo/rest.ts";
import type { BenchContext } from "./context.ts";
import { inParallel } from "./in-parallel.ts";
import { createPeople, type Person } from "./people.ts";

const Verification = z.object({ verification_id: z.uuid() });
const Status = z.object({
  requirements: z.array(z.object({ kind: z.string(), field: z.string().nullable() })),
});

/** A verification that lacks nothing but its submission. */
export interface Draft {
  readonly rest: Rest;
  readonly userId: string;
  readonly token: string;
  readonly verificationId: string;
}

async function prepare(context: BenchContext, person: Person): Promise<Draft> {
  const { stack } = context;
  const rest = new Rest(stack.apiUrl, stack.publishableKey, person.token);
  const { value } = await rest.post("/kyc/verifications", Verification);
  const { verification_id: verificationId } = value;
  const status = await rest.get("/kyc/status", Status);
  const versions = await textVersions(rest);
  for (const { kind, field } of status.value.requirements) {
    if (kind === "consent" && field !== null) await consentTo(rest, field, versions);
  }
  const client = createClient(stack.apiUrl, stack.publishableKey);
  const applicant = { rest, client };
  const photo = await passportPhoto(person.userId);
  await addDocument(applicant, verificationId, "passport", photo);
  await addDocument(applicant, verificationId, "proof_of_address", billPdf(person.userId));
  return { rest, ...person, verificationId };
}

/** Makes so many people with a complete draft each. `tag` chooses what the mock provider does. */
export async function createDrafts(
  context: BenchContext,
  count: number,
  tag?: string,
): Promise<Draft[]> {
  context.log(`preparing ${count} people with documents …`);
  const people = await createPeople(context, count, tag);
  return inParallel(4, people, (person) => prepare(context, person));
}
