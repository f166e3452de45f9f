import { bodyOf } from "../../api/client.ts";
import { useAction } from "../../api/use-action.ts";
import { useApi } from "../../auth/auth-context.tsx";
import { Button } from "../../ui/basics.tsx";
import { ErrorNotice } from "../../ui/notice.tsx";
import type { Filters } from "./filters.ts";

/** Hands a text to the person as a file. */
function save(text: string, name: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}

/** What the filters show, as a table for elsewhere. Each export is written to the audit log. */
export function ExportButton({ filters }: { readonly filters: Filters }) {
  const api = useApi();
  const { status, risk, country } = filters;
  const download = useAction({
    send: async () => {
      const query = {
        status: status.length > 0 ? status : undefined,
        risk_level: risk.length > 0 ? risk : undefined,
        country: country.length === 2 ? country : undefined,
      };
      return bodyOf(
        await api.GET("/admin/exports/kyc.csv", { params: { query }, parseAs: "text" }),
      );
    },
    onDone: (text) => save(text, "verifications.csv"),
  });
  return (
    <>
      <ErrorNotice error={download.error} />
      <Button busy={download.isRunning} onClick={() => void download.run(undefined)}>
        Export as CSV
      </Button>
    </>
  );
}
