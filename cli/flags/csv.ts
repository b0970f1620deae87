/**
 * Values of several fields (`type=bind,src=/a,dst=/b`): one record of CSV,
 * quotes as RFC 4180 has them.
 */
import { BadValueError } from "../errors.js";
import { cut } from "./parse-line.js";

/** @throws BadValueError */
export function csvFields(text: string): string[] {
  const fields: string[] = [];
  let rest = text;
  for (;;) {
    const field = rest.startsWith('"') ? quotedField(rest) : plainField(rest);
    fields.push(field.value);
    if (field.rest === undefined) return fields;
    rest = field.rest;
  }
}

interface Field {
  readonly value: string;
  /** What follows the comma; undefined at the end. */
  readonly rest: string | undefined;
}

function plainField(text: string): Field {
  const [value, rest] = cut(text, ",");
  if (value.includes('"')) throw new BadValueError('bare " in non-quoted field');
  return { value, rest };
}

function quotedField(text: string): Field {
  const [, quoted, rest] = /^"((?:[^"]|"")*)"(?:,([^]*))?$/.exec(text) ?? [];
  if (quoted === undefined) throw new BadValueError('extraneous or missing " in quoted field');
  return { value: quoted.replaceAll('""', '"'), rest };
}

/** Each field as its key and value; one without `=` has no value. */
export function csvPairs(text: string): [key: string, value: string | undefined, field: string][] {
  return csvFields(text).map((field) => {
    const [key, value] = cut(field, "=");
    return [key, value, field];
  });
}
