import { Page } from "../../ui/page.tsx";

export function CasePage() {
  return <Page title="Case">{null}</Page>;
}
