import { useState } from "react";
import { Button } from "./basics.tsx";
import { Dialog } from "./dialog.tsx";

interface ConfirmProps {
  readonly label: string;
  /** What will happen, so that nobody has to guess. */
  readonly question: string;
  readonly busy: boolean;
  readonly onConfirm: () => void;
}

/** A button whose effect cannot be taken back asks once more. */
export function Confirm({ label, question, busy, onConfirm }: ConfirmProps) {
  const [isAsking, setAsking] = useState(false);
  return (
    <>
      <Button look="danger" busy={busy} onClick={() => setAsking(true)}>
        {label}
      </Button>
      {isAsking && (
        <Dialog title={label} onClose={() => setAsking(false)}>
          <p>{question}</p>
          <div className="actions">
            <Button
              look="danger"
              onClick={() => {
                setAsking(false);
                onConfirm();
              }}
            >
              {label}
            </Button>
            <Button onClick={() => setAsking(false)}>Cancel</Button>
          </div>
        </Dialog>
      )}
    </>
  );
}
