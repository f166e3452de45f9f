import sax from "sax";
import { ListError } from "./list-error.ts";

/** An element of a record with everything in it. */
export interface XmlElement {
  readonly name: string;
  /** Where it begins in the file, counted from 1. */
  readonly line: number;
  readonly children: XmlElement[];
  text: string;
}

/** The first element of the file. */
export interface XmlRoot {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

const withoutPrefix = (name: string) => name.slice(name.indexOf(":") + 1);

/**
 * Reads records out of a large XML file piece by piece; what lies between them is checked for its form
 * and forgotten. Document types are not read, so the file can make it fetch or expand nothing.
 */
export class XmlRecords {
  readonly #parser = sax.parser(true, { position: true });
  readonly #names: ReadonlySet<string>;
  readonly #open: XmlElement[] = [];
  #root: XmlRoot | undefined;
  #done: XmlElement[] = [];

  /** `names`: the elements that are records. */
  constructor(names: ReadonlySet<string>) {
    this.#names = names;
    const parser = this.#parser;
    parser.onopentag = ({ name, attributes }) => this.#begin(withoutPrefix(name), attributes);
    parser.onclosetag = () => this.#end();
    parser.ontext = (text) => this.#append(text);
    parser.oncdata = (text) => this.#append(text);
    parser.onerror = ({ message }) => {
      throw new ListError(`this is no well-formed XML: ${message.split("\n")[0]}`, this.#line());
    };
  }

  get root(): XmlRoot | undefined {
    return this.#root;
  }

  /** Takes the next piece of the file and gives the records that it completes. */
  write(chunk: string): XmlElement[] {
    this.#parser.write(chunk);
    return this.#take();
  }

  /** @throws ListError when the file breaks off */
  end(): XmlElement[] {
    this.#parser.close();
    if (!this.#root) throw new ListError("The file is empty.");
    return this.#take();
  }

  #take(): XmlElement[] {
    const done = this.#done;
    this.#done = [];
    return done;
  }

  #line(): number {
    return this.#parser.line + 1;
  }

  #begin(name: string, attributes: sax.Tag["attributes"] | sax.QualifiedTag["attributes"]): void {
    this.#root ??= {
      name,
      attributes: Object.fromEntries(
        Object.entries(attributes).map(([key, value]) => [
          key,
          typeof value === "string" ? value : value.value,
        ]),
      ),
    };
    const parent = this.#open.at(-1);
    if (!parent && !this.#names.has(name)) return;
    const element: XmlElement = { name, line: this.#line(), children: [], text: "" };
    parent?.children.push(element);
    this.#open.push(element);
  }

  #end(): void {
    const element = this.#open.pop();
    if (element && this.#open.length === 0) this.#done.push(element);
  }

  #append(text: string): void {
    const element = this.#open.at(-1);
    if (element) element.text += text;
  }
}

/** The elements at the end of a path. */
export function elementsAt(element: XmlElement, ...path: readonly string[]): XmlElement[] {
  return path.reduce<XmlElement[]>(
    (found, name) =>
      found.flatMap(({ children }) => children.filter((child) => child.name === name)),
    [element],
  );
}

/** Their texts, tidied; empty ones are left out. */
export function textsAt(element: XmlElement, ...path: readonly string[]): string[] {
  return elementsAt(element, ...path)
    .map(({ text }) => text.normalize("NFC").replace(/\s+/g, " ").trim())
    .filter((text) => text !== "");
}
