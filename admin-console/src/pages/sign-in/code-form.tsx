import { type FormEvent, type ReactNode, useState } from "react";
import { Button } from "../../ui/basics.tsx";
import { TextInput } from "../../ui/form.tsx";
import { Notice } from "../../ui/notice.tsx";

interface CodeFormProps {
  readonly submitLabel: string;
  /** Null when the code was right, else why not. */
  readonly onCode: (code: string) => Promise<string | null>;
  readonly children?: ReactNode;
}

/** Asks for the six digits that an authenticator shows. */
export function CodeForm({ submitLabel, onCode, children }: CodeFormProps) {
  const [code, setCode] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    const answer = await onCode(code.replaceAll(/\s/g, ""));
    setBusy(false);
    setRefusal(answer);
    if (answer !== null) setCode("");
  };
  return (
    <form onSubmit={submit}>
      {refusal && <Notice tone="bad">{refusal}</Notice>}
      <TextInput
        label="Code of your authenticator"
        hint="Six digits; they change every 30 seconds."
        value={code}
        onChange={setCode}
        inputMode="numeric"
        autoComplete="one-time-code"
        pattern="\s*\d{3}\s*\d{3}\s*"
        required
      />
      <div className="actions">
        <Button look="primary" type="submit" busy={isBusy}>
          {submitLabel}
        </Button>
        {children}
      </div>
    </form>
  );
}
