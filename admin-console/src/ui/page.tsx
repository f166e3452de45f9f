import { type ReactNode, useEffect, useRef } from "react";

interface PageProps {
  readonly title: string;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** Whoever has just arrived begins at the top, where the skip link is. */
let isArrival = true;

/** A page's heading takes the focus when the page comes, so that a screen reader begins there. */
export function Page({ title, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!isArrival) heading.current?.focus({ preventScroll: true });
    isArrival = false;
  }, []);
  useEffect(() => {
    document.title = `${title} · Back office`;
  }, [title]);
  return (
    <>
      <header className="page-head">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {actions && <div className="actions">{actions}</div>}
      </header>
      {children}
    </>
  );
}
