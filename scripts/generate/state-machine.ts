import postgres from "postgres";
import { z } from "zod";
import { banner, type OutputFile } from "./output.ts";
import { drawDiagram } from "./state-diagram.ts";

const Machine = z.object({
  states: z.array(
    z.object({
      status: z.string(),
      user_status: z.string(),
      is_open: z.boolean(),
      is_final: z.boolean(),
    }),
  ),
  transitions: z.array(
    z.object({
      from: z.string().nullable(),
      to: z.string(),
      actor: z.string(),
      reason_required: z.boolean(),
      four_eyes: z.string(),
      description: z.string(),
    }),
  ),
});

/** The state machine as the database has it. */
export type Machine = z.output<typeof Machine>;

const SOURCE = "private.kyc_transitions of a migrated database";

/** Moves between the same two states, with everybody who may make them. */
export function edgesOf({
  transitions,
}: Machine): { from: string; to: string; actors: string[] }[] {
  const edges = new Map<string, { from: string; to: string; actors: string[] }>();
  for (const { from, to, actor } of transitions) {
    if (from === null) continue;
    const edge = edges.get(`${from} ${to}`) ?? { from, to, actors: [] };
    edge.actors.push(actor);
    edges.set(`${from} ${to}`, edge);
  }
  return [...edges.values()];
}

async function readMachine(databaseUrl: string): Promise<Machine> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    const [row] = await sql`
      select private.kyc_state_machine() -> 'states' as states, (
        select jsonb_agg(jsonb_build_object(
          'from', from_status, 'to', to_status, 'actor', actor, 'reason_required', is_reason_required,
          'four_eyes', four_eyes, 'description', description) order by transition_id)
        from private.kyc_transitions) as transitions`;
    return Machine.parse(row);
  } finally {
    await sql.end();
  }
}

function mermaid(machine: Machine): string {
  const starts = machine.transitions.filter(({ from }) => from === null);
  const lines = [
    ...starts.map(({ to, actor }) => `  [*] --> ${to} : ${actor}`),
    ...edgesOf(machine).map(({ from, to, actors }) => `  ${from} --> ${to} : ${actors.join(", ")}`),
    ...machine.states.filter(({ is_final }) => is_final).map(({ status }) => `  ${status} --> [*]`),
  ];
  return `\`\`\`mermaid\nstateDiagram-v2\n${lines.join("\n")}\n\`\`\``;
}

const FOUR_EYES: Readonly<Record<string, string>> = {
  never: "",
  high_risk: "at risk high or critical",
  always: "always",
};

function page(machine: Machine): string {
  const states = machine.states.map(
    ({ status, user_status, is_open, is_final }) =>
      `| \`${status}\` | \`${user_status}\` | ${is_open ? "yes" : ""} | ${is_final ? "yes" : ""} |`,
  );
  const moves = machine.transitions.map(
    ({ from, to, actor, reason_required, four_eyes, description }) =>
      `| ${from === null ? "" : `\`${from}\``} | \`${to}\` | ${actor} | ${reason_required ? "yes" : ""} | ${FOUR_EYES[four_eyes] ?? four_eyes} | ${description} |`,
  );
  return `${banner(SOURCE, "<!--")}
# The states of a verification

What has no row here is refused. The database obeys these rows, \`GET /kyc/state-machine\` serves them, and the
tests try every move that they do not list.

![The states and who moves a verification between them](state-machine.svg)

## States

| state | what the person sees | open | final |
|---|---|---|---|
${states.join("\n")}

A person has one open verification at most. A final state has no exit; a new verification follows on it.

## Moves

| from | to | by | needs a reason | needs two people | when |
|---|---|---|---|---|---|
${moves.join("\n")}

## The same for Mermaid

${mermaid(machine)}
`;
}

/** The documentation of the state machine, from the rows that the database obeys. */
export async function generateStateMachine(databaseUrl: string): Promise<OutputFile[]> {
  const machine = await readMachine(databaseUrl);
  return [
    { path: "docs/state-machine.md", content: page(machine) },
    { path: "docs/state-machine.svg", content: banner(SOURCE, "<!--") + drawDiagram(machine) },
  ];
}
