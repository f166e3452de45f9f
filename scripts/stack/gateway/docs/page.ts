import type { PageLink } from "./markdown.ts";

export interface Page {
  readonly title: string;
  /** Where this page is below `/docs/`. */
  readonly path: string;
  /** Steps up to `/docs/` from there: every link is relative, whatever stands in front of the stack. */
  readonly up: string;
  readonly body: string;
  readonly head?: string;
}

function item(page: Page, path: string, title: string): string {
  const here = page.path === path ? ' aria-current="page"' : "";
  return `<li><a href="${page.up}${path}"${here}>${title}</a></li>`;
}

/** The frame of every page: skip link, navigation, content. */
export function renderPage(page: Page, guides: readonly PageLink[]): string {
  const links = [
    item(page, "", "Overview"),
    item(page, "api/", "API reference"),
    ...guides.map(({ name, title }) => item(page, name, title)),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${page.title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${page.up}docs.css">
${page.head ?? ""}</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<nav aria-label="Documentation"><ul>${links.join("")}</ul></nav>
<main id="content" tabindex="-1">
${page.body}
</main>
</body>
</html>
`;
}
