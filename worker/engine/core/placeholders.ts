/**
 * Placeholders in a spec, such as `{{.Task.Slot}}`, filled in per task. Docker has Go templates
 * here; these are the forms its documentation names: the fields of service, node and task, and
 * `{{index .Service.Labels "key"}}`. Anything else is refused rather than passed on as text.
 */
import { InvalidArgumentError } from "../../../shared/errors/cluster-error.js";

/** What the fields stand for, by their Go names. */
export interface PlaceholderValues {
  readonly Service: {
    readonly ID: string;
    readonly Name: string;
    readonly Labels: Readonly<Record<string, string>>;
  };
  readonly Node: {
    readonly ID: string;
    readonly Hostname: string;
    readonly Platform: { readonly OS: string; readonly Architecture: string };
  };
  readonly Task: { readonly ID: string; readonly Name: string; readonly Slot: string };
}

/** As Go's text/template: `{{- ` and ` -}}` take the blanks around them away. */
const ACTION = /(?:\s*\{\{-\s|\{\{)([\s\S]*?)(?:\s-\}\}\s*|\}\})/g;
const FIELD = /^\.([A-Za-z]+(?:\.[A-Za-z0-9_-]+)+)$/;
const LABEL = /^index\s+\.Service\.Labels\s+"((?:[^"\\]|\\.)*)"$/;

/** @throws InvalidArgumentError for a placeholder that is not closed, or stands for nothing. */
export function fillPlaceholders(text: string, values: PlaceholderValues): string {
  if (!text.includes("{{")) return text;
  const filled = text.replace(ACTION, (_all, expression: string) =>
    valueOf(expression.trim(), text, values),
  );
  const rest = text.replace(ACTION, "");
  if (rest.includes("{{")) throw refused(text, "unclosed action");
  return filled;
}

/** Only the value is filled in, never the name. */
export function fillEnvironment(entry: string, values: PlaceholderValues): string {
  const split = entry.indexOf("=");
  if (split < 0) return entry;
  return entry.slice(0, split + 1) + fillPlaceholders(entry.slice(split + 1), values);
}

function valueOf(expression: string, text: string, values: PlaceholderValues): string {
  const label = LABEL.exec(expression)?.[1];
  if (label !== undefined) return values.Service.Labels[label.replace(/\\(.)/g, "$1")] ?? "";
  const path = FIELD.exec(expression)?.[1];
  if (path === undefined) throw refused(text, `cannot evaluate {{${expression}}}`);
  let value: unknown = values;
  for (const name of path.split(".")) value = memberOf(value, name);
  if (typeof value === "string") return value;
  // A label that is not set is empty; a field that does not exist is a mistake.
  if (value === undefined && /^Service\.Labels\.[^.]+$/.test(path)) return "";
  throw refused(text, `can't evaluate field ${path}`);
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

function refused(text: string, why: string): InvalidArgumentError {
  return new InvalidArgumentError(`failed to expand template ${JSON.stringify(text)}: ${why}`);
}
