/** Go's `fmt.Sprintf`, as far as templates use it. */
import { printed } from "./values.js";

const VERB = /%([-+ #0]*)(\d*)(?:\.(\d+))?([a-zA-Z%])/g;

export function goFormat(format: string, args: readonly unknown[]): string {
  const rest = [...args];
  return format.replace(
    VERB,
    (_whole, flags: string, width: string, precision: string | undefined, verb: string) => {
      if (verb === "%") return "%";
      if (rest.length === 0) return `%!${verb}(MISSING)`;
      const text = formatOne(verb, rest.shift(), flags, precision);
      return flags.includes("-") ? text.padEnd(Number(width)) : padStart(text, width, flags);
    },
  );
}

function padStart(text: string, width: string, flags: string): string {
  return text.padStart(Number(width), flags.includes("0") ? "0" : " ");
}

function formatOne(
  verb: string,
  value: unknown,
  flags: string,
  precision: string | undefined,
): string {
  switch (verb) {
    case "q":
      return typeof value === "string" ? JSON.stringify(value) : printed(value);
    case "d":
      return typeof value === "number"
        ? signed(String(Math.trunc(value)), flags)
        : mismatch(verb, value);
    case "f":
      return typeof value === "number"
        ? signed(value.toFixed(Number(precision ?? 6)), flags)
        : mismatch(verb, value);
    case "x":
      return typeof value === "number"
        ? value.toString(16)
        : Buffer.from(printed(value)).toString("hex");
    case "t":
      return typeof value === "boolean" ? String(value) : mismatch(verb, value);
    case "s":
    case "v":
      return precision === undefined ? printed(value) : printed(value).slice(0, Number(precision));
    default:
      return mismatch(verb, value);
  }
}

function signed(text: string, flags: string): string {
  return flags.includes("+") && !text.startsWith("-") ? `+${text}` : text;
}

/** As Go shows a value that the verb cannot print. */
function mismatch(verb: string, value: unknown): string {
  return `%!${verb}(${typeof value}=${printed(value)})`;
}
