import { useState } from "react";
import { Button } from "./basics.tsx";
import { Notice } from "./notice.tsx";

interface SecretProps {
  readonly title: string;
  /** Null in a repeated answer: the first one was lost. */
  readonly value: string | null;
  readonly onClose: () => void;
}

/** A secret that is shown once, and how to take it along. */
export function Secret({ title, value, onClose }: SecretProps) {
  const [isCopied, setCopied] = useState(false);
  if (value === null) {
    return (
      <Notice tone="warn" title={title}>
        <p>The answer with the secret was lost. Revoke it and make another.</p>
        <Button onClick={onClose}>Close</Button>
      </Notice>
    );
  }
  const copy = async () => {
    await navigator.clipboard.writeText(value);
    setCopied(true);
  };
  return (
    <Notice tone="good" title={title}>
      <p>Take it along now: it is not shown again.</p>
      <p>
        <code className="whole" data-testid="secret">
          {value}
        </code>
      </p>
      <div className="actions">
        <Button onClick={() => void copy()}>{isCopied ? "Copied" : "Copy"}</Button>
        <Button look="quiet" onClick={onClose}>
          Done
        </Button>
      </div>
    </Notice>
  );
}
