/** The version of this program: the one that `package.json` states. */
import { readFileSync } from "node:fs";

/** Beside the sources, or one folder further up from the compiled program in `dist/`. */
const PACKAGE_FILES = ["../package.json", "../../package.json"];

export function programVersion(): string {
  for (const file of PACKAGE_FILES) {
    try {
      const text = readFileSync(new URL(file, import.meta.url), "utf8");
      return (JSON.parse(text) as { version: string }).version;
    } catch {
      // Not there: this is the other layout.
    }
  }
  return "unknown";
}
