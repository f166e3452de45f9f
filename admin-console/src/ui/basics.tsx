import type { ComponentProps, ReactNode } from "react";
import { absoluteTime, relativeTime, shortId } from "./format.ts";

export type Tone = "neutral" | "info" | "good" | "warn" | "bad";

interface ButtonProps extends ComponentProps<"button"> {
  readonly look?: "primary" | "plain" | "danger" | "quiet";
  /** It works on something: it keeps its place and takes no further click. */
  readonly busy?: boolean;
}

export function Button({ look = "plain", busy = false, type = "button", ...rest }: ButtonProps) {
  const { className = "", children, onClick, ...others } = rest;
  return (
    <button
      {...others}
      type={type}
      className={`button ${look} ${className}`}
      aria-busy={busy}
      aria-disabled={busy || undefined}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {busy && <span className="spinner" aria-hidden="true" />}
      {children}
    </button>
  );
}

interface BadgeProps {
  readonly tone?: Tone;
  readonly title?: string;
  readonly children: ReactNode;
}

export function Badge({ tone = "neutral", title, children }: BadgeProps) {
  return (
    <span className={`badge ${tone}`} title={title}>
      {children}
    </span>
  );
}

export function Time({ value, absolute = false }: { value: string | null; absolute?: boolean }) {
  if (value === null) return <span className="faint">–</span>;
  return (
    <time dateTime={value} title={absolute ? relativeTime(value) : absoluteTime(value)}>
      {absolute ? absoluteTime(value) : relativeTime(value)}
    </time>
  );
}

/** The last characters of an id; the whole of it on hover and for copying. */
export function Id({ value }: { readonly value: string | null }) {
  if (value === null) return <span className="faint">–</span>;
  return (
    <code className="id" title={value}>
      {shortId(value)}
    </code>
  );
}

export type Fact = readonly [label: string, value: ReactNode];

/** Pairs of a name and a value. */
export function Facts({ items }: { readonly items: readonly Fact[] }) {
  return (
    <dl className="facts">
      {items.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value === null || value === "" ? <span className="faint">–</span> : value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface CardProps {
  readonly title: string;
  readonly aside?: ReactNode;
  readonly id?: string;
  readonly className?: string;
  readonly children: ReactNode;
}

/** A part of a page with a heading of its own. */
export function Card({ title, aside, id, className = "", children }: CardProps) {
  return (
    <section className={`card ${className}`} aria-label={title} id={id}>
      <header>
        <h2>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}

export function Empty({ children }: { readonly children: ReactNode }) {
  return <p className="empty">{children}</p>;
}

export function Loading({ what = "Loading" }: { readonly what?: string }) {
  return (
    <p className="loading" role="status">
      <span className="spinner" aria-hidden="true" /> {what} …
    </p>
  );
}
