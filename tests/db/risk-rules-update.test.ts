import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { service, test } from "../helpers/db.ts";

const page = readFileSync(new URL("../../docs/risk.md", import.meta.url), "utf8");
const [, sample = ""] =
  /```sql tested-by=tests\/db\/risk-rules-update\.test\.ts\n(.*?)```/s.exec(page) ?? [];

test("the sample for new country lists makes a version that comes into force by itself", async ({
  db,
}) => {
  const inForce = async () => {
    const [row] = await db.sql`
      select rules.version, rule.parameters -> 'countries' as countries,
        (select count(*)::integer from private.risk_rules where version = rules.version) as rules
      from private.risk_rules_in_force() as rules
      join private.risk_rules as rule on rule.version = rules.version and rule.code = 'country_increased_monitoring'`;
    return row;
  };
  const before = await inForce();
  await db.sql.unsafe(sample);
  expect(await inForce()).toEqual(before);
  await db.as(service, (sql) => sql`select private.shift_clock('11 minutes')`);
  expect(await inForce()).toEqual({
    version: before?.version + 1,
    countries: ["AO", "BA", "HT"],
    rules: before?.rules,
  });
});
