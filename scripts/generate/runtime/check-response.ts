// What the tests hold every answer against. Stricter than a client should be: an undocumented status,
// media type or member is a fault.
type Fault = { readonly instancePath: string; readonly message?: string; readonly params: object };
type Validate = { (data: unknown): boolean; errors?: readonly Fault[] | null };

interface HeaderRule {
  readonly required: boolean;
  readonly integer: boolean;
  readonly validate: Validate;
}

/** What the contract says about one response. */
export interface ResponseRule {
  readonly headers: Readonly<Record<string, HeaderRule>>;
  readonly content: Readonly<Record<string, Validate>>;
}

/** An answer as a test has received it; `body` is parsed when it is JSON, `null` when it is empty. */
export interface Answer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: unknown;
}

const PROBLEM = "application/problem+json";

function words(validate: Validate, what: string): string[] {
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) =>
      `${what}${instancePath}: ${message ?? "is not valid"} ${JSON.stringify(params)}`,
  );
}

function checkHeaders(rule: ResponseRule, answer: Answer): string[] {
  return Object.entries(rule.headers).flatMap(([name, { required, integer, validate }]) => {
    const value = answer.headers.get(name);
    if (value === null) return required ? [`header ${name}: is missing`] : [];
    const read = integer && /^\d+$/.test(value) ? Number(value) : value;
    return validate(read) ? [] : words(validate, `header ${name}`);
  });
}

function checkBody(rule: ResponseRule, answer: Answer): string[] {
  const documented = Object.keys(rule.content);
  if (documented.length === 0) {
    return answer.body === null ? [] : ["body: there is one, and none is documented"];
  }
  const mediaType = answer.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  const validate = rule.content[mediaType];
  if (!validate) return [`content-type: ${mediaType} is not one of ${documented.join(", ")}`];
  const faults = validate(answer.body) ? [] : words(validate, "body");
  const body = answer.body;
  if (mediaType === PROBLEM && typeof body === "object" && body !== null) {
    if (Reflect.get(body, "status") !== answer.status)
      faults.push("body/status: is not the status");
  }
  return faults;
}

/** The faults of an answer against one response of the contract. */
export function checkAgainst(rule: ResponseRule, answer: Answer): string[] {
  return [...checkHeaders(rule, answer), ...checkBody(rule, answer)];
}

/** The rule for a status. `default` stands for 501 alone: anything else has to be written down. */
export function ruleFor(
  rules: Readonly<Record<string, ResponseRule>>,
  status: number,
): ResponseRule | undefined {
  return rules[String(status)] ?? (status === 501 ? rules.default : undefined);
}
