import type {
  AdminKycAttempt,
  AdminKycSubject,
} from "../../../../supabase/functions/_shared/generated/contract.ts";
import { Badge, Card, type Fact, Facts } from "../../ui/basics.tsx";

function addressLines({ address }: AdminKycSubject): string {
  if (!address) return "";
  const { street_address_1, street_address_2, postal_code, city, state_region, country } = address;
  return [street_address_1, street_address_2, `${postal_code} ${city}`, state_region, country]
    .filter(Boolean)
    .join(", ");
}

const same = (one: string, other: string) =>
  one.localeCompare(other, undefined, { sensitivity: "base" }) === 0;

/** What the person told beside what the document says. */
function Compared({ told, read }: { told: string | null; read: string | null | undefined }) {
  if (!read) return <>{told ?? "–"}</>;
  if (told && same(told, read)) {
    return (
      <>
        {told} <Badge tone="good">As in the document</Badge>
      </>
    );
  }
  return (
    <>
      {told ?? "–"} <Badge tone="warn">Document: {read}</Badge>
    </>
  );
}

interface PersonCardProps {
  readonly subject: AdminKycSubject;
  readonly attempt: AdminKycAttempt | undefined;
}

export function PersonCard({ subject, attempt }: PersonCardProps) {
  const read = attempt?.extracted;
  const { first_name, last_name, date_of_birth } = subject;
  const items: Fact[] = [
    ["First name", <Compared key="first" told={first_name} read={read?.first_name} />],
    ["Last name", <Compared key="last" told={last_name} read={read?.last_name} />],
    ["Date of birth", <Compared key="born" told={date_of_birth} read={read?.date_of_birth} />],
    ["E-mail", subject.email],
    ["Phone", subject.phone],
    ["Address", addressLines(subject)],
  ];
  if (read?.document_number) items.push(["Document number", read.document_number]);
  if (read?.document_expires_on) items.push(["Document valid until", read.document_expires_on]);
  if (read?.issuing_country) items.push(["Issued by", read.issuing_country]);
  return (
    <Card
      title="Person"
      aside={subject.is_suspended && <Badge tone="bad">Account suspended</Badge>}
    >
      <Facts items={items} />
    </Card>
  );
}
