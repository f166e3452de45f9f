import { Marked, type Tokens } from "marked";

/** A page of the documentation as HTML. */
export interface Rendered {
  readonly title: string;
  readonly html: string;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}

function plain(html: string): string {
  return html.replace(/<[^>]*>/g, "");
}

/** Anchors as code hosts make them, so that links work here and there. */
function anchor(heading: string): string {
  return plain(heading)
    .toLowerCase()
    .replace(/&#?\w+;/g, "")
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

const ELSEWHERE = /^(https?:|mailto:|#)/;
const OWN_PAGE = /^([a-z0-9-]+)\.md(#.*)?$/;
const OWN_FILE = /^[a-z0-9-]+\.svg$|^images\/[a-z0-9-]+\.png$/;

/** Where a link of `docs/*.md` leads on these pages; `undefined`: only in the repository. */
function target(href: string): string | undefined {
  if (ELSEWHERE.test(href) || OWN_FILE.test(href)) return href;
  const page = OWN_PAGE.exec(href);
  return page ? `${page[1]}${page[2] ?? ""}` : undefined;
}

/** Raw HTML in a page is text: what is written as Markdown cannot bring a script. */
const renderer = {
  html: ({ text, block }: Tokens.HTML | Tokens.Tag): string =>
    block && text.startsWith("<!--") ? "" : escapeHtml(text),
};

function createRenderer(): Marked {
  const marked = new Marked({ renderer });
  marked.use({
    renderer: {
      heading({ tokens, depth }) {
        const inner = this.parser.parseInline(tokens);
        return `<h${depth} id="${anchor(inner)}">${inner}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        const inner = this.parser.parseInline(tokens);
        const to = target(href);
        return to === undefined ? inner : `<a href="${escapeHtml(to)}">${inner}</a>`;
      },
      table(token) {
        const row = (cells: Tokens.TableCell[], name: "th" | "td"): string =>
          `<tr>${cells.map((cell) => `<${name}>${this.parser.parseInline(cell.tokens)}</${name}>`).join("")}</tr>`;
        const body = token.rows.map((cells) => row(cells, "td")).join("\n");
        // Wide tables scroll in themselves, with the keyboard too.
        return `<div class="table" tabindex="0"><table><thead>${row(token.header, "th")}</thead><tbody>\n${body}</tbody></table></div>\n`;
      },
    },
  });
  return marked;
}

const marked = createRenderer();

/** Renders a page of `docs/`; the first heading is its title. */
export function renderMarkdown(source: string): Rendered {
  const html = marked.parse(source, { async: false });
  const title = plain(/<h1[^>]*>(.*?)<\/h1>/s.exec(html)?.[1] ?? "Documentation");
  return { title, html };
}

export interface PageLink {
  readonly name: string;
  readonly title: string;
}

/** The pages that the index page lists, in its order. */
export function pageLinks(index: string): PageLink[] {
  return [...index.matchAll(/^- \[([^\]]+)\]\(([a-z0-9-]+)\.md\)/gm)].map(
    ([, title = "", name = ""]) => ({ name, title }),
  );
}
