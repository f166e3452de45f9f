/** Builds the console in a process of its own, so that the stack does not carry the bundler. */
import { buildConsole } from "./build.ts";

const [root, folder] = process.argv.slice(2);
if (!root || !folder) throw new Error("Usage: main.ts <checkout> <folder of the build>");
await buildConsole(root, folder);
