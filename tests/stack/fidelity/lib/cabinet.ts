import { type Person, signedIn } from "./accounts.ts";
import { type Platform, startPlatform } from "./platform.ts";

export const BUCKET = "documents";
/** Bytes that a file in the bucket may have. */
export const LIMIT = 1024;

export interface Cabinet {
  readonly platform: Platform;
  readonly ada: Person;
  readonly bob: Person;
}

/** Two people, each with a folder of their own in a private bucket with limits. */
export async function startCabinet(): Promise<Cabinet> {
  const platform = await startPlatform({
    storage: {
      file_size_limit: "2KiB",
      buckets: {
        [BUCKET]: { file_size_limit: "1KiB", allowed_mime_types: ["text/plain", "image/*"] },
        open: { public: true },
        large: { file_size_limit: "1MiB" },
      },
    },
  });
  await platform.sql.unsafe(`
    create policy own_insert on storage.objects for insert to authenticated
      with check (bucket_id = '${BUCKET}' and (storage.foldername(name))[1] = (select auth.uid())::text);
    create policy own_select on storage.objects for select to authenticated
      using (bucket_id = '${BUCKET}' and (storage.foldername(name))[1] = (select auth.uid())::text
        and storage.filename(name) not like 'hidden%');
  `);
  return { platform, ada: await signedIn(platform), bob: await signedIn(platform) };
}

export const text = (content: string) => new Blob([content], { type: "text/plain" });

export const filesOf = (person: Person) => person.client.storage.from(BUCKET);
