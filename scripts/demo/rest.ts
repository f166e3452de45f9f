import { randomUUID } from "node:crypto";
import { z } from "zod";

const Problem = z.object({
  code: z.string(),
  detail: z.string(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).default([]),
});

/** What may go with a request. */
export interface Send {
  readonly body?: unknown;
  /** The `ETag` that the resource has to have. */
  readonly ifMatch?: string;
}

/** An answer that has the expected shape. */
export interface Answer<Value> {
  readonly value: Value;
  readonly etag: string;
}

function sentence(where: string, status: number, text: string): string {
  try {
    const { code, detail, errors } = Problem.parse(JSON.parse(text));
    const faults = errors.map((error) => ` ${error.pointer}: ${error.detail}`).join(";");
    return `${where} answered ${status} ${code}: ${detail}${faults}`;
  } catch {
    return `${where} answered ${status}: ${text.slice(0, 200)}`;
  }
}

/** The functions as one signed-in person calls them. */
export class Rest {
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(supabaseUrl: string, publishableKey: string, accessToken: string) {
    this.#base = `${supabaseUrl}/functions/v1`;
    this.#headers = { apikey: publishableKey, authorization: `Bearer ${accessToken}` };
  }

  get<Shape extends z.ZodType>(path: string, shape: Shape): Promise<Answer<z.output<Shape>>> {
    return this.#send("GET", path, shape, {});
  }

  /** Posts under an idempotency key of its own. */
  post<Shape extends z.ZodType>(
    path: string,
    shape: Shape,
    send: Send = {},
  ): Promise<Answer<z.output<Shape>>> {
    return this.#send("POST", path, shape, send, { "idempotency-key": randomUUID() });
  }

  patch<Shape extends z.ZodType>(
    path: string,
    shape: Shape,
    send: Send,
  ): Promise<Answer<z.output<Shape>>> {
    return this.#send("PATCH", path, shape, send);
  }

  put<Shape extends z.ZodType>(
    path: string,
    shape: Shape,
    send: Send,
  ): Promise<Answer<z.output<Shape>>> {
    return this.#send("PUT", path, shape, send);
  }

  async #send<Shape extends z.ZodType>(
    method: string,
    path: string,
    shape: Shape,
    { body, ifMatch }: Send,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer<z.output<Shape>>> {
    const response = await fetch(`${this.#base}${path}`, {
      method,
      headers: {
        ...this.#headers,
        ...headers,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(sentence(`${method} ${path}`, response.status, text));
    return { value: shape.parse(JSON.parse(text)), etag: response.headers.get("etag") ?? "" };
  }
}
