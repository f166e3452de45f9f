import type {
  AnonymousPrincipal,
  MachinePrincipal,
  OperatorPrincipal,
  Principal,
  ServicePrincipal,
  UserPrincipal,
} from "../auth/principal.ts";
import type { RunTransaction, Transaction } from "../db/transaction.ts";
import type {
  OperationId,
  OperationIdOf,
  PathParams,
  QueryParams,
  RequestBody,
  Success,
  SuccessStatus,
} from "../generated/contract.ts";
import type { operations } from "../generated/operations.ts";
import type { Logger } from "../log/logger.ts";
import type { Precondition } from "./etag.ts";
import type { notImplemented } from "./not-implemented.ts";

type Definitions = typeof operations;

type PrincipalByAuth = {
  user: UserPrincipal;
  staff: UserPrincipal;
  staff_or_machine: OperatorPrincipal | MachinePrincipal;
  secret: ServicePrincipal;
  public: AnonymousPrincipal;
  /** Only the operation knows whose signature it is, so it verifies it as its first step. */
  signature: AnonymousPrincipal;
};

type BodyOf<Id extends OperationId> = Definitions[Id]["bodyRequired"] extends true
  ? RequestBody<Id>
  : RequestBody<Id> | undefined;

/** What every operation gets: who asks, and the request as the contract types it. */
type CommonContext<Id extends OperationId, Deps> = {
  readonly principal: PrincipalByAuth[Definitions[Id]["auth"]];
  readonly params: PathParams<Id>;
  readonly query: QueryParams<Id>;
  readonly body: BodyOf<Id>;
  /** What `If-Match` says; `null` for operations that do not take it. */
  readonly ifMatch: Definitions[Id]["ifMatch"] extends true ? Precondition : null;
  /** As it came: `HEAD` reaches the operations of `GET` too. */
  readonly method: string;
  readonly headers: Headers;
  /** The bytes of the body as they came. */
  readonly rawBody: Uint8Array<ArrayBuffer>;
  readonly deps: Deps;
  readonly log: Logger;
};

/** What an operation gets that is one transaction. */
type OperationContext<Id extends OperationId, Deps> = CommonContext<Id, Deps> & {
  /** The transaction, with the caller's role and claims. */
  readonly tx: Transaction;
  /** Runs something when the transaction has been committed, and never when it was not. */
  afterCommit(task: () => void): void;
};

/** What an operation gets that is not one transaction: none, several, or one around a slow call. */
export type UnboundContext<Id extends OperationId, Deps> = CommonContext<Id, Deps> & {
  readonly transaction: RunTransaction;
  /**
   * A transaction as the caller that happens once per `Idempotency-Key`: a repeated request gets
   * the value of the first one.
   */
  once<Value>(work: (tx: Transaction) => Promise<Value>): Promise<OnceResult<Value>>;
};

/** The value of a transaction, and the headers that say whether it is the stored one. */
export type OnceResult<Value> = {
  readonly value: Value;
  readonly headers: Readonly<Record<string, string>>;
};

/** A body that is JSON text already, so that a large document is not parsed to be written again. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type PreparedSuccess<Id extends OperationId> = {
  readonly status: SuccessStatus<Id>;
  readonly body: JsonText;
};

/** A success whose text is sent while it is made; only where the contract's body is text. */
type StreamedSuccess<Result> = Result extends { readonly body: string }
  ? Omit<Result, "body"> & { readonly body: ReadableStream<Uint8Array> }
  : never;

/** A success of an operation, as the contract has it. */
export type OperationResult<Id extends OperationId> = (
  | Success<Id>
  | PreparedSuccess<Id>
  | StreamedSuccess<Success<Id>>
) & {
  readonly headers?: Readonly<Record<string, string>>;
};

/**
 * An operation: principal → act → respond. It catches nothing; what it throws becomes a problem.
 *
 * The type is taken from a method because methods compare their parameters both ways. That lets the
 * router keep all operations in one table and call them with what the contract's validators have
 * checked.
 */
export type Operation<Id extends OperationId, Deps> = {
  run(context: OperationContext<Id, Deps>): Promise<OperationResult<Id>>;
}["run"];

/** An operation that manages its transactions itself; see {@link unbound}. */
export type UnboundOperation<Id extends OperationId, Deps> = {
  readonly isUnbound: true;
  run(context: UnboundContext<Id, Deps>): Promise<OperationResult<Id>>;
};

/** Marks an operation as one that manages its transactions itself. */
export function unbound<Id extends OperationId, Deps>(
  run: (context: UnboundContext<Id, Deps>) => Promise<OperationResult<Id>>,
): UnboundOperation<Id, Deps> {
  return { isUnbound: true, run };
}

/** The operations of a function: every one that the contract has for it, or it does not compile. */
export type OperationTable<Group extends string, Deps> = {
  readonly [Id in OperationIdOf<Group>]:
    | Operation<Id, Deps>
    | UnboundOperation<Id, Deps>
    | typeof notImplemented;
};

type ErasedCommon<Deps> = {
  readonly principal: Principal;
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly ifMatch: Precondition | null;
  readonly method: string;
  readonly headers: Headers;
  readonly rawBody: Uint8Array<ArrayBuffer>;
  readonly deps: Deps;
  readonly log: Logger;
};

/** Any success, as the router sees it. */
export type ErasedResult = {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Any operation, as the router sees it. */
export type ErasedOperation<Deps> =
  | {
      run(
        context: ErasedCommon<Deps> &
          Pick<OperationContext<OperationId, Deps>, "tx" | "afterCommit">,
      ): Promise<ErasedResult>;
    }["run"]
  | {
      readonly isUnbound: true;
      run(
        context: ErasedCommon<Deps> &
          Pick<UnboundContext<OperationId, Deps>, "transaction" | "once">,
      ): Promise<ErasedResult>;
    }
  | typeof notImplemented;
