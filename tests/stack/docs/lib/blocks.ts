/** A fenced block of a Markdown page. */
export interface Block {
  /** The line its fence opens at, from 1. */
  readonly line: number;
  /** `ts`, `bash`, `text` …; empty when the fence names none. */
  readonly language: string;
  /** What the fence says behind the language, such as `needs=docker`. */
  readonly notes: ReadonlyMap<string, string>;
  readonly code: string;
}

const FENCE = /^( *)```(\S*) *(.*)$/;

function notesOf(text: string): Map<string, string> {
  return new Map(
    [...text.matchAll(/([a-z-]+)=(\S+)/g)].map(([, name = "", value = ""]) => [name, value]),
  );
}

/** The fenced blocks of a page, in order; a fence that is left open is an error of the page. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: (Block & { indent: number; lines: string[] }) | undefined;
  markdown.split("\n").forEach((text, index) => {
    const fence = FENCE.exec(text);
    if (!fence) {
      open?.lines.push(text.slice(open.indent));
      return;
    }
    if (open) {
      const { line, language, notes, lines } = open;
      blocks.push({ line, language, notes, code: lines.join("\n") });
      open = undefined;
      return;
    }
    const [, indent = "", language = "", notes = ""] = fence;
    open = {
      line: index + 1,
      language,
      notes: notesOf(notes),
      code: "",
      indent: indent.length,
      lines: [],
    };
  });
  if (open) throw new Error(`The fence at line ${open.line} is not closed.`);
  return blocks;
}

/** A page's TypeScript as one module, and the lines that it says it prints. */
export interface Story {
  readonly source: string;
  readonly prints: readonly string[];
}

/** The `ts` blocks of a page, in order; a `text` block behind one says what is printed. */
export function storyOf(blocks: readonly Block[]): Story {
  const code = blocks.filter(({ language }) => language === "ts");
  const prints = blocks.filter(
    ({ language }, index) => language === "text" && blocks[index - 1]?.language === "ts",
  );
  return {
    source: code.map((block) => block.code).join("\n\n"),
    prints: prints.flatMap((block) => block.code.split("\n")),
  };
}

function patternOf(line: string): RegExp {
  const parts = line.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`);
}

/** The first promised line that does not follow the ones before it in what was printed; `…` stands for anything. */
export function missingLine(prints: readonly string[], printed: string): string | undefined {
  const lines = printed.split("\n").map((line) => line.trimEnd());
  let from = 0;
  for (const promised of prints) {
    const pattern = patternOf(promised);
    const at = lines.findIndex((line, index) => index >= from && pattern.test(line));
    if (at < 0) return promised;
    from = at + 1;
  }
  return undefined;
}
