/*
 * Needs the schema `realtime`. Migrations add tables to the publication as `postgres`, its owner on
 * the platform; and messages are kept for three days there, by a server that does not run here.
 */
alter publication supabase_realtime owner to postgres;
delete from realtime.messages where inserted_at < now() - interval '3 days';
