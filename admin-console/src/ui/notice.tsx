import type { ReactNode } from "react";
import { Link } from "wouter";
import { ApiError } from "../api/problem.ts";
import { Button, type Tone } from "./basics.tsx";

interface NoticeProps {
  readonly tone?: Tone;
  readonly title?: string;
  readonly children?: ReactNode;
}

export function Notice({ tone = "info", title, children }: NoticeProps) {
  return (
    <div className={`notice ${tone}`} role={tone === "bad" ? "alert" : "status"}>
      {title && <strong>{title}</strong>}
      {children}
    </div>
  );
}

function RequestId({ id }: { readonly id: string }) {
  return (
    <p className="faint small">
      Request <code className="whole">{id}</code>
    </p>
  );
}

interface ErrorNoticeProps {
  readonly error: unknown;
  readonly onRetry?: () => void;
}

/** A failure in the words of the server, with what its log calls it. */
export function ErrorNotice({ error, onRetry }: ErrorNoticeProps) {
  if (error === null || error === undefined) return null;
  if (!(error instanceof ApiError)) {
    return (
      <Notice tone="bad" title="That did not work">
        <p>{error instanceof Error ? error.message : String(error)}</p>
        {onRetry && <Button onClick={onRetry}>Try again</Button>}
      </Notice>
    );
  }
  const { problem } = error;
  if (problem.code === "not_implemented") {
    return (
      <Notice tone="warn" title="Not available">
        <p>This server does not offer this yet.</p>
        <RequestId id={problem.request_id} />
      </Notice>
    );
  }
  return (
    <Notice tone="bad" title={problem.title}>
      <p>{problem.detail}</p>
      {problem.code === "mfa_required" && (
        <p>
          <Link href="/account">Set up your second factor</Link>, then try again.
        </p>
      )}
      {problem.errors && (
        <ul>
          {problem.errors.map(({ pointer, detail }) => (
            <li key={pointer + detail}>
              <code>{pointer}</code>: {detail}
            </li>
          ))}
        </ul>
      )}
      <RequestId id={problem.request_id} />
      {onRetry && problem.status >= 500 && <Button onClick={onRetry}>Try again</Button>}
    </Notice>
  );
}
