import { type FormEvent, useState } from "react";
import type { AdminKycCase } from "../../../../supabase/functions/_shared/generated/contract.ts";
import { useCan, useMe } from "../../auth/auth-context.tsx";
import { Button, Card, Empty, Id, Time } from "../../ui/basics.tsx";
import { TextArea } from "../../ui/form.tsx";
import { ErrorNotice } from "../../ui/notice.tsx";
import { type CaseTools, useCaseAction } from "./use-case.ts";

function NoteForm({ id, tools }: { readonly id: string; readonly tools: CaseTools }) {
  const [text, setText] = useState("");
  const add = useCaseAction({
    tools,
    send: (api, body: { text: string }, key) =>
      api.POST("/admin/kyc/{verification_id}/notes", {
        params: { path: { verification_id: id }, header: { "Idempotency-Key": key } },
        body,
      }),
    onDone: () => setText(""),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void add.run({ text: text.trim() });
  };
  return (
    <form onSubmit={submit}>
      <TextArea
        label="Add a note"
        hint="For staff only; it stays."
        value={text}
        onChange={setText}
        maxLength={2000}
        required
      />
      <ErrorNotice error={add.error} />
      <div className="actions">
        <Button type="submit" busy={add.isRunning}>
          Add
        </Button>
      </div>
    </form>
  );
}

interface NotesCardProps extends Pick<AdminKycCase, "notes"> {
  readonly id: string;
  readonly tools: CaseTools;
}

export function NotesCard({ notes, id, tools }: NotesCardProps) {
  const can = useCan();
  const { me } = useMe();
  return (
    <Card title="Notes">
      {notes.length === 0 && <Empty>No notes.</Empty>}
      <ul className="plain entries">
        {notes.map((note) => (
          <li key={note.note_id}>
            <div className="note">{note.text}</div>
            <div className="small faint">
              {note.author_id === me?.user_id ? "You" : <Id value={note.author_id} />},{" "}
              <Time value={note.created_at} />
            </div>
          </li>
        ))}
      </ul>
      {can("admin.addKycNote") && <NoteForm id={id} tools={tools} />}
    </Card>
  );
}
