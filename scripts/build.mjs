/** `npm run build`: installs what is missing and compiles `dist/`. */
import { ensureBuilt, ensureInstalled, SetupError } from "./bootstrap.mjs";

try {
  ensureInstalled();
  ensureBuilt();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
