import type { QueryKey } from "@tanstack/react-query";
import { useAction } from "../api/use-action.ts";
import { Button } from "./basics.tsx";
import { ErrorNotice } from "./notice.tsx";

interface RepeatButtonProps {
  readonly label: string;
  /** Asks for it once; the key stays the same until the outcome is known. */
  readonly send: (idempotencyKey: string) => Promise<unknown>;
  /** The list that shows what became of it. */
  readonly list: QueryKey;
}

/** Has something done again that is in a row of a list. */
export function RepeatButton({ label, send, list }: RepeatButtonProps) {
  const action = useAction({ send: (_: null, key) => send(key), invalidates: [list] });
  return (
    <>
      <Button busy={action.isRunning} onClick={() => void action.run(null)}>
        {label}
      </Button>
      <ErrorNotice error={action.error} />
    </>
  );
}
