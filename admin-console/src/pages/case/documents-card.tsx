import { useState } from "react";
import type { AdminKycDocument } from "../../../../supabase/functions/_shared/generated/contract.ts";
import { bodyOf } from "../../api/client.ts";
import { useAction } from "../../api/use-action.ts";
import { useApi, useAuth, useCan } from "../../auth/auth-context.tsx";
import { Badge, Button, Card, Empty, Time, type Tone } from "../../ui/basics.tsx";
import { bytes, words } from "../../ui/format.ts";
import { ErrorNotice } from "../../ui/notice.tsx";

const TONES = {
  pending: "neutral",
  uploaded: "info",
  accepted: "good",
  rejected: "bad",
} satisfies Record<AdminKycDocument["status"], Tone>;

/** The same file under the address by which this page reaches the project: the policy allows only that. */
function reachable(url: string, supabaseUrl: string): string {
  const { pathname, search } = new URL(url);
  return `${supabaseUrl}${pathname}${search}`;
}

function useDocumentUrl(verificationId: string, documentId: string) {
  const api = useApi();
  const { config } = useAuth();
  const [url, setUrl] = useState<string | null>(null);
  const action = useAction({
    send: async () => {
      const path = { verification_id: verificationId, document_id: documentId };
      const answer = await api.GET("/admin/kyc/{verification_id}/documents/{document_id}/url", {
        params: { path },
      });
      return reachable(bodyOf(answer).url, config.supabase_url);
    },
    onDone: setUrl,
  });
  return { url, action };
}

interface FileProps {
  readonly document: AdminKycDocument;
  readonly verificationId: string;
}

/** Asking for the link is written to the audit log, so nothing is asked for unasked. */
function DocumentFile({ document, verificationId }: FileProps) {
  const { url, action } = useDocumentUrl(verificationId, document.document_id);
  const name = `${words(document.type)}, ${document.side}`;
  if (url && document.content_type === "application/pdf") {
    return (
      <a className="button" href={url} target="_blank" rel="noreferrer">
        Open the PDF (works for 60 seconds)
      </a>
    );
  }
  if (url) return <img src={url} alt={name} className="document-image" />;
  return (
    <>
      <Button busy={action.isRunning} onClick={() => void action.run(undefined)} data-document="">
        Show {words(document.type).toLowerCase()}, {document.side}
      </Button>
      <ErrorNotice error={action.error} />
    </>
  );
}

function DocumentFigure({ document, verificationId }: FileProps) {
  const can = useCan();
  const hasFile = document.status !== "pending" && document.purged_at === null;
  const size = document.width_px ? `${document.width_px} × ${document.height_px} px, ` : "";
  return (
    <figure className="document">
      <div className="document-file">
        {can("admin.getDocumentUrl") && hasFile ? (
          <DocumentFile document={document} verificationId={verificationId} />
        ) : (
          <p className="faint">
            {document.purged_at
              ? "Deleted after its time"
              : hasFile
                ? "Not shown to your role"
                : "Not uploaded"}
          </p>
        )}
      </div>
      <figcaption>
        <strong>
          {words(document.type)}, {document.side}
        </strong>{" "}
        <Badge tone={TONES[document.status]}>{words(document.status)}</Badge>
        {document.reason_code && <Badge tone="warn">{words(document.reason_code)}</Badge>}
        <div className="small faint">
          {size}
          {bytes(document.size_bytes)}, attempt {document.attempt},{" "}
          <Time value={document.created_at} />
        </div>
      </figcaption>
    </figure>
  );
}

interface DocumentsCardProps {
  readonly documents: readonly AdminKycDocument[];
  readonly verificationId: string;
}

const showAll = () => {
  for (const button of document.querySelectorAll<HTMLElement>("[data-document]")) button.click();
};

export function DocumentsCard({ documents, verificationId }: DocumentsCardProps) {
  const can = useCan();
  const current = documents.filter(({ replaced_at }) => replaced_at === null);
  const former = documents.length - current.length;
  return (
    <Card
      title="Documents"
      aside={
        can("admin.getDocumentUrl") &&
        current.length > 1 && <Button onClick={showAll}>Show all</Button>
      }
    >
      {current.length === 0 && <Empty>No document.</Empty>}
      <div className="documents">
        {current.map((document) => (
          <DocumentFigure
            key={document.document_id}
            document={document}
            verificationId={verificationId}
          />
        ))}
      </div>
      {former > 0 && <p className="small faint">{former} earlier were replaced.</p>}
    </Card>
  );
}
