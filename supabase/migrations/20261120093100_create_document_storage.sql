/*
 * The private bucket of documents and who may put a file into it.
 *
 * Touches: storage.buckets (one row), policies on storage.objects.
 * Not granted: update and delete of files to anybody but the Storage service; a file is written once.
 * Staff has no policy here: it reads through links that a function signs and audits.
 */

insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values ('kyc-documents', 'kyc-documents', false, 10485760, array['image/jpeg', 'image/png', 'application/pdf'])
on conflict (id) do update
set public = excluded.public,
    file_size_limit = excluded.file_size_limit,
    allowed_mime_types = excluded.allowed_mime_types;

/*
 * Whether the signed-in person may upload a file under this name now: it was announced, has no checked
 * bytes yet, and its verification is editable. False for any other name, valid or not.
 */
create function private.kyc_may_upload(p_name text)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return exists (
    select
    from public.kyc_documents as document
    join public.kyc_verifications as verification using (verification_id)
    join public.profiles as profile on profile.user_id = document.user_id
    where document.storage_path = p_name
      and document.user_id = auth.uid()
      and document.status = 'pending'
      and document.replaced_at is null
      and verification.status in ('draft', 'resubmission_required')
      and profile.suspended_at is null
      and not profile.is_soft_deleted
  );
end
$$;
comment on function private.kyc_may_upload(text) is
  'Upload rule for storage policies. Why definer: it looks at columns that decide, whatever the caller may see.';
grant execute on function private.kyc_may_upload(text) to authenticated;

-- Storage outlives a reset of this schema, so the policies may be there already.
drop policy if exists nff_documents_insert_own on storage.objects;
create policy nff_documents_insert_own on storage.objects for insert to authenticated
  with check (bucket_id = 'kyc-documents' and private.kyc_may_upload(name));

-- Own files only: Storage reads the row back after an upload, and a person may look at the own document.
drop policy if exists nff_documents_select_own on storage.objects;
create policy nff_documents_select_own on storage.objects for select to authenticated
  using (
    bucket_id = 'kyc-documents'
    and (storage.foldername(name))[1] = (select auth.uid())::text
  );
